import { type Attributes, diag } from '@opentelemetry/api';
import { ATTR } from '../../model/semconv.ts';
import { isTagName, MAX_TAGS, TAG_NAME, TAG_VALUE, type TagValue, tagText } from '../../model/tags.ts';

/** The tags of one call, as attributes: bounded, and what is left out is said once a call. */
export class CallTags {
  /** Most calls have none. */
  #names: Set<string> | undefined;
  #said = false;

  /** Those of the tags that can be recorded. */
  attributes(tags: Iterable<readonly [name: unknown, value: unknown]>): Attributes {
    const attributes: Attributes = {};
    for (const [name, value] of tags) {
      if (value === undefined || value === null) continue;
      const text = tagText(value);
      if (!isTagName(name)) this.#complain(`a name of another form, expected ${TAG_NAME}`);
      else if (text === undefined) this.#complain(`another value of ${name}, expected ${TAG_VALUE}`);
      else if ((this.#names?.size ?? 0) >= MAX_TAGS && !this.#names?.has(name))
        this.#complain(`more than ${MAX_TAGS} tags`);
      else {
        this.#names ??= new Set();
        this.#names.add(name);
        attributes[`${ATTR.tag}.${name}`] = text;
      }
    }
    return attributes;
  }

  #complain(seen: string): void {
    if (this.#said) return;
    this.#said = true;
    diag.warn(
      `earshot: Call.tag: saw ${seen}. It is left out; others of this call that are, without a line.`,
    );
  }
}

let allowed: ReadonlySet<string> = new Set();

/** Which parameters of a transport become tags, by name. (Default: none: they may hold personal data.) */
export function setParameterTags(names: Iterable<string>): void {
  allowed = new Set(names);
}

/** The parameters that were named, as what is known of a call: `customer_id` is the customer's, the others are tags. */
export function parameterTags(parameters: Readonly<Record<string, unknown>> | undefined): {
  customerId?: string;
  tags?: Record<string, TagValue>;
} {
  const tags: Record<string, TagValue> = {};
  let customerId: string | undefined;
  for (const name of allowed) {
    const value = parameters !== undefined && Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (typeof value !== 'string' || value === '') continue;
    if (name === 'customer_id' || name === 'customerId') customerId = value;
    else tags[name] = value;
  }
  return { ...(customerId !== undefined && { customerId }), ...(Object.keys(tags).length > 0 && { tags }) };
}
