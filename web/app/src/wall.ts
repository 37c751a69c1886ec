// The star-and-cross wall: half glazed, half only drawn, waiting for people. `planWall` is pure and decides what stands where;
// `Wall` draws it once and lets CSS colour it, so a change of theme draws nothing again.

export interface WallSize {
  width: number;
  height: number;
  /** A band over the form instead of a column beside it. */
  band: boolean;
  rtl: boolean;
}

export type Glaze = 'plain' | 'warm' | 'pale';
/** `light`, `chroma`, `hue` are small differences from tile to tile: no two were fired alike. */
export interface StarPlan { x: number; y: number; glaze: Glaze; light: number; chroma: number; hue: number }
export interface CrossPlan { x: number; y: number; light: number; hue: number }
export interface WallPlan { step: number; stars: StarPlan[]; crosses: CrossPlan[]; ghosts: { x: number; y: number }[] }

/** Inner corner of the eight-pointed star, as a part of its radius. */
const INNER = 0.765;

/** Always the same wall: a picture that changes with every visit would be restless. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

export function planWall({ width, height, band, rtl }: WallSize): WallPlan {
  const random = seeded(41);
  const step = band ? Math.min(96, width / 5.55) : Math.max(84, Math.min(118, width / 6.4));
  const columns = Math.ceil(width / step) + 1;
  const rows = Math.ceil(height / step) + 1;
  const left = band ? (width - columns * step) / 2 : rtl ? width - columns * step - step * 0.5 : step * 0.5;
  const top = band ? height - step * 0.52 - (rows - 1) * step : (height - rows * step) / 2;
  const at = (i: number, j: number) => ({ x: left + i * step, y: top + j * step });
  /** How far in from the edge that meets the form, in tiles: 0 is outline only, 3 and more is fully glazed. */
  const depth = (i: number, j: number) => {
    const { x, y } = at(i, j);
    if (band) return (height - y) / step - 0.52;
    return (rtl ? width - x : x) / step - 0.5;
  };
  const glazed = new Set<string>();
  const key = (i: number, j: number) => `${i},${j}`;
  for (let j = -1; j <= rows; j += 1) {
    for (let i = -1; i <= columns; i += 1) {
      const d = depth(i, j);
      const chance = random();
      const is = band ? d > 1.5 || (d > 0.5 && chance < 0.62) : d >= 2.5 || (d > 1.5 && chance < 0.74) || (d > 0.5 && chance < 0.36);
      if (is) glazed.add(key(i, j));
    }
  }
  const plan: WallPlan = { step, stars: [], crosses: [], ghosts: [] };
  const last = band ? rows - 1 : rows;
  for (let j = -1; j <= last; j += 1) {
    for (let i = -1; i <= columns; i += 1) {
      const { x, y } = at(i, j);
      const [shade, hue, kind, light, chroma, turn] = [random(), random(), random(), random(), random(), random()];
      // A cross is the gap between four stars, and is laid when all four are.
      const four = [[0, 0], [1, 0], [0, 1], [1, 1]].every(([a, b]) => {
        const [column, row] = [i + (a ?? 0), j + (b ?? 0)];
        return glazed.has(key(column, row)) || column > columns || row > rows;
      });
      if (four) plan.crosses.push({ x: x + step / 2, y: y + step / 2, light: (shade - 0.5) * 0.045, hue: 264 + (hue - 0.5) * 10 });
      if (!glazed.has(key(i, j))) {
        plan.ghosts.push({ x, y });
        continue;
      }
      const glaze = kind > 0.955 ? 'warm' : kind > 0.89 ? 'pale' : 'plain';
      plan.stars.push({ x, y, glaze, light: (light - 0.5) * 0.085, chroma: 0.085 + chroma * 0.022, hue: 200 + turn * 16 });
    }
  }
  return plan;
}

/** Corners of a star as an SVG path. */
function starPath(radius: number): string {
  const corners = Array.from({ length: 16 }, (_, index) => {
    const angle = (index * Math.PI) / 8;
    const reach = (index % 2 ? INNER : 1) * radius;
    return `${(reach * Math.cos(angle)).toFixed(1)} ${(reach * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${corners.join('L')}Z`;
}

function crossPath(step: number, radius: number): string {
  const half = step / 2;
  const quarters: [number, number, number][] = [[-half, -half, 0], [half, -half, 1], [half, half, 2], [-half, half, 3]];
  const corners = quarters.flatMap(([x, y, turns]) =>
    [4, 3, 2, 1, 0].map((n) => {
      const angle = (turns * Math.PI) / 2 + (n * Math.PI) / 8;
      const reach = n % 2 ? radius * INNER : radius;
      return `${(x + reach * Math.cos(angle)).toFixed(1)} ${(y + reach * Math.sin(angle)).toFixed(1)}`;
    }),
  );
  return `M${corners.join('L')}Z`;
}

const SVG = 'http://www.w3.org/2000/svg';

function make(name: string, attributes: Record<string, string>, ...children: Element[]): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const place = ({ x, y }: { x: number; y: number }) => `translate(${x.toFixed(1)} ${y.toFixed(1)})`;

function glazedStar(star: StarPlan, outer: string, middle: string, inner: string): SVGElement {
  const body = make('path', { d: outer, class: 'body' });
  if (star.glaze === 'plain') {
    body.style.setProperty('--light', star.light.toFixed(3));
    body.style.setProperty('--chroma', star.chroma.toFixed(3));
    body.style.setProperty('--hue', star.hue.toFixed(0));
  }
  return make(
    'g', { class: `tilestar ${star.glaze}`, transform: place(star) },
    body, make('path', { d: outer, fill: 'url(#gloss)' }), make('path', { d: middle, class: 'line' }), make('path', { d: inner, class: 'core' }),
  );
}

/** The drawn wall. */
export class Wall {
  readonly svg: SVGElement;
  readonly #plan: WallPlan;
  readonly #size: WallSize;
  #arrived: SVGElement | null = null;

  constructor(size: WallSize) {
    this.#size = size;
    this.#plan = planWall(size);
    const radius = this.#plan.step / 2 - 1.6;
    const [outer, middle, inner] = this.#paths();
    const stop = (offset: string, name: string) => make('stop', { offset, class: name });
    const gloss = make('linearGradient', { id: 'gloss', x1: '0', y1: '0', x2: '1', y2: '1' }, stop('0', 'shine'), stop('.55', 'clear'), stop('1', 'shade'));
    const ghosts = this.#plan.ghosts.map((ghost) => make('g', { transform: place(ghost) }, make('path', { d: outer }), make('path', { d: middle, class: 'faint' })));
    const shape = crossPath(this.#plan.step, radius);
    const crosses = this.#plan.crosses.map((cross) => {
      const path = make('path', { d: shape, class: 'cross', transform: place(cross) });
      path.style.setProperty('--light', cross.light.toFixed(3));
      path.style.setProperty('--hue', cross.hue.toFixed(0));
      return path;
    });
    const stars = this.#plan.stars.map((star) => glazedStar(star, outer, middle, inner));
    this.svg = make(
      'svg', { viewBox: `0 0 ${size.width} ${size.height}`, 'aria-hidden': 'true' },
      make('defs', {}, gloss), make('g', { class: 'ghosts' }, ...ghosts), make('g', {}, ...crosses), make('g', {}, ...stars),
    );
  }

  #paths(): [string, string, string] {
    const radius = this.#plan.step / 2 - 1.6;
    return [starPath(radius), starPath(radius * 0.66), starPath(radius * 0.3)];
  }

  /** Fills the empty star that is nearest to the form: the one flourish, when somebody joins. */
  glaze(): void {
    this.unglaze();
    const { width, height, band, rtl } = this.#size;
    const [x, y] = band ? [width / 2, height] : [rtl ? width : 0, height / 2];
    const distance = (ghost: { x: number; y: number }) => Math.hypot(ghost.x - x, ghost.y - y);
    const whole = this.#plan.ghosts.filter((ghost) => ghost.x > 0 && ghost.x < width && ghost.y > 0 && ghost.y < height);
    const [nearest] = whole.sort((a, b) => distance(a) - distance(b));
    if (nearest === undefined) return;
    const star = glazedStar({ ...nearest, glaze: 'warm', light: 0, chroma: 0, hue: 0 }, ...this.#paths());
    // The transform attribute places the star, so the motion is on a group inside it.
    star.append(make('g', { class: 'arrives' }, ...star.children));
    this.svg.append(star);
    this.#arrived = star;
  }

  /** Empties it again: there was no way in. */
  unglaze(): void {
    this.#arrived?.remove();
    this.#arrived = null;
  }
}
