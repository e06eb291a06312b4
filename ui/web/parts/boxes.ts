const rounded = (value: number) => Math.round(value * 10) / 10;

/** Rectangles of one colour as one path: a browser draws one shape far faster than hundreds of elements. */
export class Boxes {
  #path = '';

  /** `radius`: of the corners. (Default: none.) */
  add(x: number, y: number, width: number, height: number, radius = 0): void {
    const [left, top, wide, high] = [rounded(x), rounded(y), rounded(width), rounded(height)];
    const r = rounded(Math.min(radius, width / 2, height / 2));
    if (r <= 0) {
      this.#path += `M${left} ${top}h${wide}v${high}h${-wide}z`;
      return;
    }
    const [h, v] = [rounded(wide - 2 * r), rounded(high - 2 * r)];
    this.#path +=
      `M${rounded(left + r)} ${top}h${h}a${r} ${r} 0 0 1 ${r} ${r}v${v}a${r} ${r} 0 0 1 ${-r} ${r}` +
      `h${-h}a${r} ${r} 0 0 1 ${-r} ${-r}v${-v}a${r} ${r} 0 0 1 ${r} ${-r}z`;
  }

  /** For `d`; undefined: there is none. */
  get path(): string | undefined {
    return this.#path === '' ? undefined : this.#path;
  }
}

/** Boxes by the class that colours them, in the order in which they came. */
export class BoxesByClass {
  readonly #all = new Map<string, Boxes>();

  of(className: string): Boxes {
    const known = this.#all.get(className);
    if (known !== undefined) return known;
    const made = new Boxes();
    this.#all.set(className, made);
    return made;
  }

  get all(): [className: string, path: string][] {
    return [...this.#all].flatMap(([className, { path }]) => (path === undefined ? [] : [[className, path]]));
  }
}
