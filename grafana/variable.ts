/** A variable of Grafana's, as it is written where its value is to be put: `${name}` or `${name:format}`. */
export const variable = (name: string, format?: string): string =>
  `\${${format === undefined ? name : `${name}:${format}`}}`;
