/**
 * Whose calls they are. Ids are unique within a tenant, so that two tenants can have a call of the same id. The token of a
 * sender says its tenant; whatever is written without one is of this.
 */
export const DEFAULT_TENANT = 'default';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** What a name of a tenant, or of a token, may be, for messages. */
export const NAME_RULE = '1 to 63 letters, digits, dots, hyphens or underscores, a letter or digit first';

/** Whether a text can name a tenant, or a token. Such a name is safe in logs, labels and terminals. */
export const isName = (text: unknown): text is string => typeof text === 'string' && NAME.test(text);

/** The tenant of what may say one. */
export const tenantOf = ({ tenant = DEFAULT_TENANT }: { readonly tenant?: string | undefined }): string =>
  tenant;
