// The rate of one large matrix product in the runtime, all cores: what a training step is measured against.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { compile, filledTensor, tf } = require("../dist/engine");

const [m, k, n, chain] = [768, 768, 3072, 8];
const program = await compile(
  ({ x }, weights) => {
    let y = x;
    for (let i = 0; i < chain; i++) y = tf.matMul(tf.matMul(y, weights.up), weights.down);
    return { outputs: { corner: tf.slice(y, [0, 0], [1, 1]) } };
  },
  {
    inputs: { x: { shape: [m, k] } },
    state: { up: filledTensor([k, n], 1e-3), down: filledTensor([n, k], 1e-3) },
  },
  { device: "cpu", name: "matrix product" },
);
const times = [];
for (let i = 0; i < 12; i++) {
  const started = performance.now();
  await program.run({ x: filledTensor([m, k], 1) });
  times.push((performance.now() - started) / 1000);
}
await program.dispose();
const gflop = (2 * 2 * m * k * n * chain) / 1e9;
console.log(JSON.stringify({ gflops: gflop / Math.min(...times) }));
