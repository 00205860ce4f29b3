export async function chooseDevice(wanted: string): Promise<"cpu" | "webgpu" | "cuda" | "eager"> {
  return wanted === "auto" ? "cpu" : (wanted as "cpu");
}
