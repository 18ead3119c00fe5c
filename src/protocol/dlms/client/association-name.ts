/** The name under which every association finds itself, class 15: 0.0.40.0.0.255. */
export const CURRENT_ASSOCIATION_NAME: Uint8Array = Uint8Array.of(0, 0, 40, 0, 0, 255);
