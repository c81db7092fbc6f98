const MIB = 1024 * 1024;

/** How objects are cut for sending; tests shrink it, users cannot. */
export interface PartSizes {
  /** Objects up to this size go in one PUT. */
  readonly singlePutLimit: number;
  partSize(objectSize: number): number;
}

/**
 * Bodies are streamed, so sizes cost no memory; they bound what one lost connection repeats. 64 MiB is a second on a
 * gigabit line and saves small deliveries the two extra requests of a multipart upload. The part size follows from the
 * object's size alone: every retry on every host cuts the same parts.
 */
export const PART_SIZES: PartSizes = {
  singlePutLimit: 64 * MIB,
  partSize: (objectSize) => Math.max(8 * MIB, Math.ceil(objectSize / 10_000)),
};

/** One part of an upload: `start` inclusive, `end` exclusive; numbers count from 1. */
export interface Part {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** The parts of an object of this size, in order, without gap or overlap. */
export function planParts(size: number, partSize: number): readonly Part[] {
  return Array.from({ length: Math.ceil(size / partSize) }, (_, index) => ({
    number: index + 1,
    start: index * partSize,
    end: Math.min(size, (index + 1) * partSize),
  }));
}
