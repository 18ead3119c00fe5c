/**
 * The stations of a grid on a canvas. Tens of thousands of dots are written into the picture's own memory, one after the
 * other, which is faster than drawing them and needs no graphics card; borders and what is chosen are drawn over it.
 */

import type { Places } from './api.ts';

/** Web Mercator, 0 .. 1. */
interface World {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

interface Camera {
  /** Centre of the picture. */
  readonly x: number;
  readonly y: number;
  /** Pixels of the page for the whole world. */
  readonly scale: number;
}

/** What each dot looks like. */
export interface Dots {
  /** By station: index into `colours`. */
  readonly bucket: Uint8Array;
  /** `#rrggbb`; later ones are drawn over earlier ones. */
  readonly colours: readonly string[];
}

const ZOOM_MAX = 4000;
const ZOOM_MIN = 0.6;
const HIT_PIXELS = 12;
const MARGIN = 28;
/** Where the buttons stand, at the top right, with what a dot needs around it. */
const BUTTONS = { width: 54, height: 118 } as const;

function mercator(longitude: number, latitude: number): { readonly x: number; readonly y: number } {
  const radians = (latitude * Math.PI) / 180;
  return { x: (longitude + 180) / 360, y: (1 - Math.log(Math.tan(radians) + 1 / Math.cos(radians)) / Math.PI) / 2 };
}

export class MapPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #ctx: CanvasRenderingContext2D;
  readonly #world: World;
  readonly #meters: Uint16Array;
  readonly #borders: Path2D;
  /** All that is to be seen at first: stations and borders. */
  readonly #extent: Extent;
  readonly #onCamera: () => void;
  #image: ImageData;
  #pixels: Uint32Array;
  #order: Uint32Array;
  #dots: Dots;
  #shades: Uint32Array = new Uint32Array(0);
  #width = 1;
  #height = 1;
  #camera: Camera = { x: 0.5, y: 0.5, scale: 1000 };
  #fitScale = 1000;
  #chosen: number | null = null;
  #colours = { sea: '#ffffff', border: '#cccccc', ink: '#000000' };
  #wanted = 0;
  /** Time that drawing took, ms, of the last pictures; for measuring. */
  readonly drawMs: number[] = [];

  constructor(canvas: HTMLCanvasElement, options: { readonly places: Places; readonly outline: readonly (readonly number[])[]; readonly onCamera: () => void }) {
    const ctx = canvas.getContext('2d', { alpha: false });
    if (ctx === null) throw new Error('this browser has no canvas');
    const { places, outline } = options;
    const count = places.longitude.length;
    this.#canvas = canvas;
    this.#ctx = ctx;
    this.#onCamera = options.onCamera;
    this.#meters = places.meters;
    this.#world = { x: new Float32Array(count), y: new Float32Array(count) };
    for (let i = 0; i < count; i++) {
      const { x, y } = mercator(places.longitude[i]!, places.latitude[i]!);
      this.#world.x[i] = x;
      this.#world.y[i] = y;
    }
    this.#order = Uint32Array.from({ length: count }, (_, i) => i);
    this.#dots = { bucket: new Uint8Array(count), colours: ['#888888'] };
    const rings = outline.map(ringOf);
    this.#borders = bordersOf(rings);
    this.#extent = extentOf(this.#world, rings);
    this.#image = new ImageData(1, 1);
    this.#pixels = new Uint32Array(1);
  }

  get camera(): Camera {
    return this.#camera;
  }

  /** 1: the whole grid fills the picture. */
  get zoom(): number {
    return this.#camera.scale / this.#fitScale;
  }

  paint(dots: Dots, colours: { readonly sea: string; readonly border: string; readonly ink: string }): void {
    this.#dots = dots;
    this.#colours = colours;
    this.#shades = Uint32Array.from(dots.colours, pixelOf);
    this.#order = ordered(dots);
    this.redraw();
  }

  choose(station: number | null): void {
    this.#chosen = station;
    this.redraw();
  }

  resize(width: number, height: number): void {
    const first = this.#width === 1;
    const zoom = this.zoom;
    this.#width = Math.max(1, Math.floor(width));
    this.#height = Math.max(1, Math.floor(height));
    const pixel = devicePixelRatio;
    this.#canvas.width = Math.round(this.#width * pixel);
    this.#canvas.height = Math.round(this.#height * pixel);
    this.#image = this.#ctx.createImageData(this.#canvas.width, this.#canvas.height);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
    const fit = this.#fit();
    this.#fitScale = fit.scale;
    if (first) this.look(fit);
    else this.look({ ...this.#camera, scale: this.#fitScale * zoom });
  }

  /** The whole grid. */
  showAll(): void {
    this.look(this.#fit());
  }

  showStation(station: number): void {
    this.look({ x: this.#world.x[station]!, y: this.#world.y[station]!, scale: Math.max(this.#camera.scale, this.#fitScale * 5) });
  }

  look(camera: Camera): void {
    const scale = Math.min(this.#fitScale * ZOOM_MAX, Math.max(this.#fitScale * ZOOM_MIN, camera.scale));
    this.#camera = { ...camera, scale };
    this.#onCamera();
    this.redraw();
  }

  pan(byX: number, byY: number): void {
    const { x, y, scale } = this.#camera;
    this.look({ x: x - byX / scale, y: y - byY / scale, scale });
  }

  /** Nearer by `factor`, with what lies at (left, top) staying there. */
  zoomAt(factor: number, left: number, top: number): void {
    const { x, y, scale } = this.#camera;
    const [fromX, fromY] = [left - this.#width / 2, top - this.#height / 2];
    const next = Math.min(this.#fitScale * ZOOM_MAX, Math.max(this.#fitScale * ZOOM_MIN, scale * factor));
    this.look({ x: x + fromX / scale - fromX / next, y: y + fromY / scale - fromY / next, scale: next });
  }

  get middle(): { readonly left: number; readonly top: number } {
    return { left: this.#width / 2, top: this.#height / 2 };
  }

  placeOf(station: number): { readonly left: number; readonly top: number } {
    const { x, y, scale } = this.#camera;
    return { left: (this.#world.x[station]! - x) * scale + this.#width / 2, top: (this.#world.y[station]! - y) * scale + this.#height / 2 };
  }

  /** The station that is nearest to a point of the picture, within reach; null: none. */
  stationAt(left: number, top: number): number | null {
    const { x, y, scale } = this.#camera;
    const atX = x + (left - this.#width / 2) / scale;
    const atY = y + (top - this.#height / 2) / scale;
    let best = (HIT_PIXELS / scale) ** 2;
    let station: number | null = null;
    for (let i = 0; i < this.#world.x.length; i++) {
      const distance = (this.#world.x[i]! - atX) ** 2 + (this.#world.y[i]! - atY) ** 2;
      if (distance >= best) continue;
      best = distance;
      station = i;
    }
    return station;
  }

  /** Once for the next picture, however often it is asked for. */
  redraw(): void {
    if (this.#wanted !== 0) return;
    this.#wanted = requestAnimationFrame(() => {
      this.#wanted = 0;
      this.draw();
    });
  }

  draw(): void {
    const began = performance.now();
    this.#pixels.fill(pixelOf(this.#colours.sea));
    this.#drawDots();
    this.#ctx.putImageData(this.#image, 0, 0);
    this.#drawBorders();
    this.#drawChosen();
    this.drawMs.push(performance.now() - began);
    if (this.drawMs.length > 1000) this.drawMs.shift();
  }

  destroy(): void {
    cancelAnimationFrame(this.#wanted);
  }

  /** Discs, larger when nearer and for larger stations; whole rows of pixels at once. */
  #drawDots(): void {
    const { x, y, scale } = this.#camera;
    const pixel = devicePixelRatio;
    const width = this.#canvas.width;
    const height = this.#canvas.height;
    const pixels = this.#pixels;
    const world = this.#world;
    const { bucket } = this.#dots;
    const near = Math.max(0, Math.log2(this.zoom));
    const few = Math.min(3, Math.max(0, 1.6 - Math.log10(this.#order.length + 1) * 0.35));
    const base = (1 + few + near * 0.55) * pixel;
    const discs = discsUpTo(Math.ceil(base * 2.2));
    const toX = scale * pixel;
    const [offsetX, offsetY] = [width / 2 - x * toX, height / 2 - y * toX];
    for (const station of this.#order) {
      const left = Math.round(world.x[station]! * toX + offsetX);
      const top = Math.round(world.y[station]! * toX + offsetY);
      const size = near < 1 ? base : base * Math.min(2.2, 0.55 + Math.sqrt(this.#meters[station]! / 70) * 0.45);
      const radius = Math.max(1, Math.round(size));
      if (left < -radius || top < -radius || left >= width + radius || top >= height + radius) continue;
      const shade = this.#shades[bucket[station]!]!;
      const disc = discs[radius]!;
      for (let row = -radius; row <= radius; row++) {
        const line = top + row;
        if (line < 0 || line >= height) continue;
        const half = disc[row + radius]!;
        const from = line * width + Math.max(0, left - half);
        const to = line * width + Math.min(width, left + half + 1);
        for (let at = from; at < to; at++) pixels[at] = shade;
      }
    }
  }

  #drawBorders(): void {
    const { x, y, scale } = this.#camera;
    const ctx = this.#ctx;
    const pixel = devicePixelRatio;
    ctx.save();
    ctx.setTransform(scale * pixel, 0, 0, scale * pixel, (this.#width / 2 - x * scale) * pixel, (this.#height / 2 - y * scale) * pixel);
    ctx.lineWidth = 1 / scale;
    ctx.strokeStyle = this.#colours.border;
    ctx.stroke(this.#borders);
    ctx.restore();
  }

  #drawChosen(): void {
    if (this.#chosen === null) return;
    const { left, top } = this.placeOf(this.#chosen);
    const ctx = this.#ctx;
    const pixel = devicePixelRatio;
    ctx.lineWidth = 2 * pixel;
    ctx.strokeStyle = this.#colours.ink;
    ctx.beginPath();
    ctx.arc(left * pixel, top * pixel, 10 * pixel, 0, 2 * Math.PI);
    ctx.stroke();
  }

  /** Everything, and no station under the buttons. */
  #fit(): Camera {
    const whole = this.#fitWithin(0);
    return this.#isUnderButtons(whole) ? this.#fitWithin(BUTTONS.width) : whole;
  }

  /** `right`: pixels that are left free there. */
  #fitWithin(right: number): Camera {
    const { west, east, north, south } = this.#extent;
    if (west > east) return { x: 0.5, y: 0.5, scale: 1000 };
    const [wide, high] = [Math.max(east - west, 1e-6), Math.max(south - north, 1e-6)];
    const scale = Math.max(1, Math.min((this.#width - right - 2 * MARGIN) / wide, (this.#height - 2 * MARGIN) / high));
    return { x: (west + east) / 2 + right / 2 / scale, y: (north + south) / 2, scale };
  }

  #isUnderButtons({ x, y, scale }: Camera): boolean {
    const [left, bottom] = [x + (this.#width / 2 - BUTTONS.width) / scale, y + (BUTTONS.height - this.#height / 2) / scale];
    return this.#world.x.some((station, i) => station > left && this.#world.y[i]! < bottom);
  }
}

/** Half the width of each row of a disc, by its radius. */
function discsUpTo(radius: number): readonly Uint8Array[] {
  while (DISCS.length <= radius) {
    const r = DISCS.length;
    DISCS.push(Uint8Array.from({ length: 2 * r + 1 }, (_, row) => Math.round(Math.sqrt(Math.max(0, (r + 0.5) ** 2 - (row - r) ** 2)) - 0.5)));
  }
  return DISCS;
}

const DISCS: Uint8Array[] = [];

/** Stations by bucket. */
function ordered({ bucket, colours }: Dots): Uint32Array {
  const from = new Uint32Array(colours.length + 1);
  for (const b of bucket) from[b + 1]!++;
  for (let b = 0; b < colours.length; b++) from[b + 1]! += from[b]!;
  const order = new Uint32Array(bucket.length);
  for (let i = 0; i < bucket.length; i++) order[from[bucket[i]!]!++] = i;
  return order;
}

/** A colour as four bytes in the picture's memory: red comes first. */
function pixelOf(colour: string): number {
  const rgb = Number.parseInt(colour.slice(1), 16);
  return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >>> 16)) >>> 0;
}

function bordersOf(rings: readonly World[]): Path2D {
  const path = new Path2D();
  for (const { x, y } of rings) {
    for (let i = 0; i < x.length; i++) {
      if (i === 0) path.moveTo(x[i]!, y[i]!);
      else path.lineTo(x[i]!, y[i]!);
    }
  }
  return path;
}

/** Longitude and latitude in turn. */
function ringOf(degrees: readonly number[]): World {
  const count = degrees.length >> 1;
  const ring = { x: new Float32Array(count), y: new Float32Array(count) };
  for (let i = 0; i < count; i++) {
    const { x, y } = mercator(degrees[2 * i] ?? 0, degrees[2 * i + 1] ?? 0);
    ring.x[i] = x;
    ring.y[i] = y;
  }
  return ring;
}

interface Extent {
  west: number;
  east: number;
  north: number;
  south: number;
}

function extentOf(stations: World, rings: readonly World[]): Extent {
  const extent = { west: Infinity, east: -Infinity, north: Infinity, south: -Infinity };
  for (const { x, y } of [stations, ...rings]) {
    for (let i = 0; i < x.length; i++) {
      extent.west = Math.min(extent.west, x[i]!);
      extent.east = Math.max(extent.east, x[i]!);
      extent.north = Math.min(extent.north, y[i]!);
      extent.south = Math.max(extent.south, y[i]!);
    }
  }
  return extent;
}
