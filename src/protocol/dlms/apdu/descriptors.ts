/** What a service refers to: an attribute or a method of an object, and a part of an attribute (IEC 62056-5-3). */

export interface AttributeDescriptor {
  readonly classId: number;
  /** 6 bytes. */
  readonly logicalName: Uint8Array;
  /** i8; 0: all attributes. */
  readonly attribute: number;
}

export interface MethodDescriptor {
  readonly classId: number;
  /** 6 bytes. */
  readonly logicalName: Uint8Array;
  /** i8 */
  readonly method: number;
}

/** Selective access: a part of an attribute. */
export interface Selection {
  /** u8 */
  readonly selector: number;
  /** One encoded Data. */
  readonly parameter: Uint8Array;
}
