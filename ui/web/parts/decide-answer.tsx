/** Said while an answer is computed. */
export const Working = () => (
  <p class="dim" role="status">
    Working it out …
  </p>
);

/** The head of a table. */
export const Head = ({ titles, class: name }: { titles: readonly string[]; class?: string }) => (
  <thead>
    <tr class={name}>
      {titles.map((title) => (
        <th key={title} scope="col">
          {title}
        </th>
      ))}
    </tr>
  </thead>
);

/** Sentences under a heading; nothing where there are none. */
export function Listed({ title, items }: { title: string; items: readonly string[] }) {
  if (items.length === 0) return null;
  return (
    <>
      <h2 class="card-sub">{title}</h2>
      <ul class="sentences">
        {items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    </>
  );
}
