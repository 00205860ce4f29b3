/** What front ends do that is not quite as the protocol says, and that must work all the same. */
import { expect, test } from "vitest";
import { resultOf, useKernel } from "./support";

const under = useKernel();

/** Resolves when the running cell has printed something. */
function printing(): Promise<void> {
  return new Promise((resolve) => {
    const stop = under.kernel.onMessage(({ header }) => {
      if (header.msg_type !== "stream") return;
      stop();
      resolve();
    });
  });
}

test.each([
  ["a loop that never yields", "while (true) rounds++;"],
  ["an await", "await new Promise(() => {});"],
])("VS Code's interrupt comes on the shell channel, and ends %s", async (_, code) => {
  await under.kernel.execute("let rounds = 0;");
  const begun = printing();
  const cell = under.kernel.execute(`console.log("go"); rounds++; ${code}`);
  await begun;
  const { content } = await under.kernel.request("interrupt_request", {}, { channel: "shell" });
  expect(content).toEqual({ status: "ok" });
  expect((await cell).error?.ename).toBe("Interrupted");
  expect(resultOf(await under.kernel.execute("rounds > 0"))).toBe("true");
});
