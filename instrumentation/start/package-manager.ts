/**
 * Whether a program is npm, npx, pnpm or yarn, which `NODE_OPTIONS` reaches on the way to the agent that it starts, and
 * which runs as long as that.
 */
export const isPackageManager = (program: string | undefined): boolean =>
  program !== undefined &&
  /[\\/](?:(?:npm|npx)(?:-cli)?|(?:pnpm|pnpx|yarn|yarnpkg|corepack)(?:-[\d.]+)?)(?:\.[cm]?js)?$/.test(
    program,
  );
