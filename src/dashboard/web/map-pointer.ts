/** Mouse, pen and fingers on the map: drag to move, wheel or two fingers to come nearer, a tap to choose. */

import type { MapPainter } from './map-painter.ts';

export interface PointerOptions {
  readonly onHover: (station: number | null) => void;
  readonly onClick: (station: number | null) => void;
}

const TAP_PIXELS = 4;
const WHEEL_PER_PIXEL = 0.0018;

interface Held {
  left: number;
  top: number;
}

export class MapPointer {
  readonly #canvas: HTMLCanvasElement;
  readonly #painter: MapPainter;
  readonly #options: PointerOptions;
  readonly #held = new Map<number, Held>();
  readonly #abort = new AbortController();
  #movedPixels = 0;

  constructor(canvas: HTMLCanvasElement, painter: MapPainter, options: PointerOptions) {
    this.#canvas = canvas;
    this.#painter = painter;
    this.#options = options;
    const { signal } = this.#abort;
    canvas.addEventListener('pointerdown', (event) => this.#down(event), { signal });
    canvas.addEventListener('pointermove', (event) => this.#move(event), { signal });
    canvas.addEventListener('pointerup', (event) => this.#up(event), { signal });
    canvas.addEventListener('pointercancel', (event) => this.#held.delete(event.pointerId), { signal });
    canvas.addEventListener('pointerleave', () => options.onHover(null), { signal });
    canvas.addEventListener('dblclick', (event) => painter.zoomAt(2, event.offsetX, event.offsetY), { signal });
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { signal, passive: false });
  }

  end(): void {
    this.#abort.abort();
  }

  #down(event: PointerEvent): void {
    this.#canvas.setPointerCapture(event.pointerId);
    this.#held.set(event.pointerId, { left: event.offsetX, top: event.offsetY });
    if (this.#held.size === 1) this.#movedPixels = 0;
  }

  #move(event: PointerEvent): void {
    const held = this.#held.get(event.pointerId);
    if (held === undefined) {
      if (event.pointerType === 'mouse') this.#options.onHover(this.#painter.stationAt(event.offsetX, event.offsetY));
      return;
    }
    const before = this.#spread();
    const [byX, byY] = [event.offsetX - held.left, event.offsetY - held.top];
    held.left = event.offsetX;
    held.top = event.offsetY;
    this.#movedPixels += Math.abs(byX) + Math.abs(byY);
    const share = 1 / this.#held.size;
    this.#painter.pan(byX * share, byY * share);
    const after = this.#spread();
    if (before !== null && after !== null && before.distance > 0) this.#painter.zoomAt(after.distance / before.distance, after.left, after.top);
  }

  #up(event: PointerEvent): void {
    const tapped = this.#held.size === 1 && this.#movedPixels <= TAP_PIXELS;
    this.#held.delete(event.pointerId);
    if (tapped) this.#options.onClick(this.#painter.stationAt(event.offsetX, event.offsetY));
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 16;
    this.#painter.zoomAt(Math.exp(-pixels * WHEEL_PER_PIXEL), event.offsetX, event.offsetY);
  }

  /** Between two fingers; null: there are not two. */
  #spread(): { readonly distance: number; readonly left: number; readonly top: number } | null {
    const [a, b] = [...this.#held.values()];
    if (a === undefined || b === undefined) return null;
    return { distance: Math.hypot(a.left - b.left, a.top - b.top), left: (a.left + b.left) / 2, top: (a.top + b.top) / 2 };
  }
}
