/** All checks, in the order in which a person would put things right. */
import { checkDevices } from "./devices";
import type { Finding } from "./finding";
import {
  checkBuild,
  checkCache,
  checkExtension,
  checkKernelSpec,
  checkNativeParts,
  checkNode,
} from "./installation";
import { checkData, checkJupyterLab, checkWeights } from "./surroundings";

export async function examine(): Promise<Finding[]> {
  return [
    checkNode(),
    ...checkNativeParts(),
    checkBuild(),
    checkCache(),
    ...(await checkDevices()),
    checkKernelSpec(),
    checkJupyterLab(),
    checkExtension(),
    await checkData(),
    await checkWeights(),
  ];
}
