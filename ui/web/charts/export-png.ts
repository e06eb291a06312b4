/** Properties that a picture needs where there is no style sheet. */
const STYLES = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'opacity',
  'font-size',
  'font-weight',
  'font-family',
];
const SCALE = 2;
const PADDING = 16;
const TITLE = 28;

/** Saves the chart in an element as a picture, with its title, in the colours that it has on the page. */
export async function exportPng(element: Element, title: string): Promise<void> {
  const drawn = element.querySelector('canvas') ?? element.querySelector('svg');
  if (drawn === null) return;
  const { width, height } = drawn.getBoundingClientRect();
  const canvas = document.createElement('canvas');
  canvas.width = (width + 2 * PADDING) * SCALE;
  canvas.height = (height + 2 * PADDING + TITLE) * SCALE;
  const context = canvas.getContext('2d');
  if (context === null) return;
  const style = getComputedStyle(document.documentElement);
  context.scale(SCALE, SCALE);
  context.fillStyle = style.getPropertyValue('--card');
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = style.getPropertyValue('--ink');
  context.font = `600 15px ${getComputedStyle(document.body).fontFamily}`;
  context.fillText(title, PADDING, PADDING + 12);
  const picture = drawn instanceof HTMLCanvasElement ? drawn : await pictureOf(drawn);
  context.drawImage(picture, PADDING, PADDING + TITLE, width, height);
  canvas.toBlob((blob) => {
    if (blob !== null) save(blob, `${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.png`);
  });
}

async function pictureOf(svg: SVGSVGElement): Promise<HTMLImageElement> {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const copies = copy.querySelectorAll('*');
  svg.querySelectorAll('*').forEach((original, i) => {
    const style = getComputedStyle(original);
    for (const name of STYLES) copies[i]?.setAttribute(name, style.getPropertyValue(name));
  });
  const url = URL.createObjectURL(
    new Blob([new XMLSerializer().serializeToString(copy)], { type: 'image/svg+xml' }),
  );
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
