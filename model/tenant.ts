const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** What a name of a tenant, or of a token, may be, for messages. */
export const NAME_RULE = '1 to 63 letters, digits, dots, hyphens or underscores, a letter or digit first';

/** Whether a text can name a tenant, or a token. Such a name is safe in logs, labels and terminals. */
export const isName = (text: unknown): text is string => typeof text === 'string' && NAME.test(text);
