/**
 * Eigen-CAM (Muhammad and Yeasin, IJCNN 2020). No class and no gradient: what the layer itself finds most prominent.
 *
 *   A = U S V^T, A [positions, channels]
 *   map = A v_1                (section III)
 *
 * The sign of a singular vector is arbitrary; it is chosen so that the value of largest size is positive, and what is
 * below 0 is cut off. (Where activations come from a relu, all values have one sign.)
 */
import { type ImageGradients, type MapMethod, mapsOfLayers } from "./method";
import { firstComponent } from "./principal-component";

/**
 * The map of Eigen-CAM.
 *
 * @example
 * const image = { activations: [1, 2, 2, 4], gradients: [0, 0, 0, 0], positions: 2, channels: 2 };
 * explain.eigenCamMap(image); // [2.24, 4.47]
 */
export function eigenCamMap({ activations, positions, channels }: ImageGradients): number[] {
  return Array.from(firstComponent(activations, positions, channels), (value) => Math.max(0, value));
}

export const eigenCamMethod: MapMethod = {
  title: "Eigen-CAM",
  paper: "Muhammad and Yeasin, IJCNN 2020",
  usesLayers: true,
  followsScore: false,
  isSigned: false,
  maps: (subject, settings) => mapsOfLayers(subject, settings, eigenCamMap),
};
