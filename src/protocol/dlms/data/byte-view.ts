/**
 * A DataView for whatever bytes are being worked on. Making one costs as much as reading fifty numbers, and messages come
 * from few buffers, so the last one is kept: it keeps that one buffer alive.
 */
export class ByteView {
  #view: DataView = new DataView(new ArrayBuffer(0));
  #buffer: ArrayBufferLike = this.#view.buffer;

  /** A view of the whole buffer behind `bytes`: bytes[i] is at `bytes.byteOffset + i`. */
  behind(bytes: Uint8Array): DataView {
    const { buffer } = bytes;
    if (buffer !== this.#buffer) {
      this.#buffer = buffer;
      this.#view = new DataView(buffer);
    }
    return this.#view;
  }
}
