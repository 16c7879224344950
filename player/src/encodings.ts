// Integer forms of tensors: the counterpart of src/tween4d/io/encodings.py.

import type { Tensor } from "./archive";

export interface Form {
  encoding: "plain" | "linear" | "unit" | "simplex";
  low?: number[];
  high?: number[];
  /** Bits of a level; absent in version 1. */
  bits?: number;
  /** Shape of the tensor where it is stored as byte planes of differences. */
  shape?: number[];
}

export function decode(tensor: Tensor | undefined, form: Form | undefined): Float32Array {
  if (!tensor || !form) throw new Error("This asset is damaged or incomplete: a tensor is missing.");
  const levels = form.shape ? summed(tensor, form.shape) : tensor.values;
  const shape = form.shape ?? tensor.shape;
  const width = shape.length > 1 ? shape[shape.length - 1] : 1;
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  switch (form.encoding) {
    case "plain":
      values.set(levels);
      return values;
    case "linear": {
      const { low = [], high = [] } = form;
      const top = 2 ** (form.bits ?? 16) - 1;
      const steps = low.map((least, c) => (high[c] - least) / top);
      for (let i = 0; i < values.length; i++) values[i] = low[i % width] + steps[i % width] * levels[i];
      return values;
    }
    case "unit": {
      // Version 1 has signed numbers; levels are counted from the least one.
      const middle = form.bits ? 2 ** (form.bits - 1) - 1 : 0;
      for (let i = 0; i < values.length; i += width) {
        let square = 0;
        for (let c = i; c < i + width; c++) square += (levels[c] - middle) ** 2;
        const length = Math.sqrt(square) || 1;
        for (let c = i; c < i + width; c++) values[c] = (levels[c] - middle) / length;
      }
      return values;
    }
    case "simplex":
      for (let i = 0; i < values.length; i += width) {
        let sum = 0;
        for (let c = i; c < i + width; c++) sum += levels[c];
        for (let c = i; c < i + width; c++) values[c] = levels[c] / (sum || 1);
      }
      return values;
    default:
      throw new Error(`This asset has an encoding that this player does not know: ${form.encoding}.`);
  }
}

/** Undoes planes [bytes, columns, rows] of differences between neighbouring rows. */
function summed({ values, shape: stored }: Tensor, shape: number[]): Uint16Array {
  const [planes, columns, rows] = stored;
  const levels = new Uint16Array(rows * columns);
  if (planes > 2 || levels.length !== shape.reduce((a, b) => a * b, 1)) {
    throw new Error("This asset is damaged or incomplete: a tensor has another shape.");
  }
  const wrap = planes === 1 ? 0xff : 0xffff;
  for (let c = 0; c < columns; c++) {
    let sum = 0;
    for (let r = 0; r < rows; r++) {
      const at = c * rows + r;
      sum = (sum + values[at] + (planes > 1 ? 256 * values[rows * columns + at] : 0)) & wrap;
      levels[r * columns + c] = sum;
    }
  }
  return levels;
}
