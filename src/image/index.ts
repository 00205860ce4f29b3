/** Pictures in memory and on disk. */
export { FILTERS, FITS, type Filter, type Fit, type FitPlan, planFit, type Rectangle } from "./fit";
export type { Decoder } from "./native";
export {
  type ChannelOrder,
  decodeImage,
  MAX_PIXELS,
  type ReadOptions,
  type ReadResizedOptions,
  readImage,
  readResized,
} from "./read-image";
export { publishedWeights, triangleWeights } from "./resample";
export { type ResizeOptions, RgbImage } from "./rgb-image";
