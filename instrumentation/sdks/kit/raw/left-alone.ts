let leftAlone: 'all' | ReadonlySet<string> = new Set();

/** Providers whose sockets and requests are not followed, by the names of their folders. */
export const leaveAlone = (folders: 'all' | readonly string[]): void => {
  leftAlone = folders === 'all' ? folders : new Set(folders);
};

/** Whether a provider is left alone. @param folder The name of its folder. */
export const isLeftAlone = (folder: string): boolean => leftAlone === 'all' || leftAlone.has(folder);

let followed = 0;

/** Something was followed that no SDK does. */
export const noteFollowed = (): void => {
  followed++;
};

/** How often something was followed that no SDK does. */
export const followedCount = (): number => followed;
