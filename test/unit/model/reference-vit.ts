/**
 * A ViT in plain arrays and loops, written from the equations alone: it shares no code with `src/model`, so
 * the two can check each other on any machine, without files from elsewhere.
 */
import type { Parameters, ViTConfig } from "../../../src/model";

type Matrix = number[][];

/** The feature of one image [h][w][3]. */
export function referenceFeature(config: ViTConfig, p: Parameters, image: number[][][]): number[] {
  let x = embed(config, p, image);
  for (let i = 0; i < config.depth; i++) {
    const name = (part: string) => `blocks.${i}.${part}`;
    const attended = attention(config, p, name("attn"), norm(p, name("norm1"), x));
    x = x.map((row, t) => row.map((v, d) => v + attended[t]![d]!));
    const hidden = linear(p, name("mlp.fc1"), norm(p, name("norm2"), x)).map((row) => row.map(gelu));
    const out = linear(p, name("mlp.fc2"), hidden);
    x = x.map((row, t) => row.map((v, d) => v + out[t]![d]!));
  }
  const [classToken, ...patches] = norm(p, "norm", x);
  const mean = classToken!.map((_, d) => patches.reduce((sum, row) => sum + row[d]! / patches.length, 0));
  if (config.pooling === "mean") return mean;
  return config.pooling === "class+mean" ? [...classToken!, ...mean] : classToken!;
}

function embed({ patch, width, imageSize }: ViTConfig, p: Parameters, image: number[][][]): Matrix {
  const kernel = p["patch_embed.proj.weight"]!.data;
  const bias = p["patch_embed.proj.bias"]!.data;
  const positions = p.pos_embed!.data;
  const tokens: Matrix = [Array.from(p.cls_token!.data)];
  for (let top = 0; top < imageSize[0]; top += patch)
    for (let left = 0; left < imageSize[1]; left += patch)
      tokens.push(
        Array.from({ length: width }, (_, d) => {
          let sum = bias[d]!;
          for (let c = 0; c < 3; c++)
            for (let y = 0; y < patch; y++)
              for (let x = 0; x < patch; x++)
                sum += kernel[((d * 3 + c) * patch + y) * patch + x]! * image[top + y]![left + x]![c]!;
          return sum;
        }),
      );
  return tokens.map((row, t) => row.map((v, d) => v + positions[t * width + d]!));
}

function attention({ heads, width }: ViTConfig, p: Parameters, name: string, x: Matrix): Matrix {
  const qkv = linear(p, `${name}.qkv`, x);
  const size = width / heads;
  const mixed: Matrix = x.map(() => new Array<number>(width).fill(0));
  for (let h = 0; h < heads; h++)
    for (let t = 0; t < x.length; t++) {
      const scores = x.map((_, u) => {
        let dot = 0;
        for (let d = 0; d < size; d++) dot += qkv[t]![h * size + d]! * qkv[u]![width + h * size + d]!;
        return dot / Math.sqrt(size);
      });
      const highest = Math.max(...scores);
      const weights = scores.map((s) => Math.exp(s - highest));
      const total = weights.reduce((a, b) => a + b, 0);
      for (let d = 0; d < size; d++)
        mixed[t]![h * size + d] = weights.reduce(
          (sum, weight, u) => sum + (weight / total) * qkv[u]![2 * width + h * size + d]!,
          0,
        );
    }
  return linear(p, `${name}.proj`, mixed);
}

/** Rows times the transpose of `weight` [out, in], plus `bias`. */
export function linear(p: Parameters, name: string, x: Matrix): Matrix {
  const weight = p[`${name}.weight`]!;
  const bias = p[`${name}.bias`]!.data;
  const [outputs, inputs] = weight.shape as [number, number];
  return x.map((row) =>
    Array.from({ length: outputs }, (_, o) => {
      let sum = bias[o]!;
      for (let i = 0; i < inputs; i++) sum += weight.data[o * inputs + i]! * row[i]!;
      return sum;
    }),
  );
}

/** LayerNorm over rows. */
export function norm(p: Parameters, name: string, x: Matrix, epsilon = 1e-6): Matrix {
  const gain = p[`${name}.weight`]!.data;
  const bias = p[`${name}.bias`]!.data;
  return x.map((row) => {
    const mean = row.reduce((a, b) => a + b, 0) / row.length;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length;
    return row.map((v, d) => ((v - mean) / Math.sqrt(variance + epsilon)) * gain[d]! + bias[d]!);
  });
}

function gelu(x: number): number {
  return (x / 2) * (1 + erf(x / Math.SQRT2));
}

/** Error function by its Taylor series: exact to double precision for the small arguments of these tests. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200 && Math.abs(term) > 1e-18; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
