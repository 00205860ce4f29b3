/** The hot blocks of the models, with hand-written gradients: the same call runs eagerly and compiled. */
export { attention } from "./attention";
export { softmaxCrossEntropy } from "./cross-entropy";
export { gelu, mlp } from "./gelu";
export { layerNorm } from "./layer-norm";
export { linear } from "./linear";
export { type SelfAttentionOptions, selfAttention } from "./self-attention";
