/** The panel beside the notebook, driven as the front end drives it. */
import { expect, test } from "vitest";
import { resultOf, useKernel } from "./support";

const under = useKernel();

test("lists what was opened, finds, and writes the cell that shows an entry", async () => {
  const heard: Record<string, unknown>[] = [];
  under.kernel.onMessage(({ header, content }) => {
    if (header.msg_type === "comm_msg" && content.comm_id === "panel")
      heard.push(content.data as Record<string, unknown>);
  });
  const ask = (data: Record<string, unknown>) => under.kernel.notify("comm_msg", { comm_id: "panel", data });
  under.kernel.notify("comm_open", { comm_id: "panel", target_name: "oscc-lab.browser", data: {} });
  await expect.poll(() => heard.at(-1)).toEqual({ opened: [] });

  const cell = await under.kernel.execute(`
    import { openCohort } from "oscc-lab/dist/cohort/index";
    import { RgbImage } from "oscc-lab/dist/image/index";
    import { mkdirSync, writeFileSync } from "node:fs";
    mkdirSync("mine");
    const pixels = new RgbImage(40, 30, new Uint8Array(3600).fill(180));
    for (const id of ["a1", "b2"]) writeFileSync(\`mine/\${id}.jpg\`, await pixels.toJpeg());
    writeFileSync("mine/cohort.json", JSON.stringify({
      name: "mine", sites: ["core"], magnifications: ["x200"],
      tasks: { grade: { title: "Grade", classes: ["low", "high"] } },
    }));
    writeFileSync("mine/manifest.csv", "patient,site,magnification,path,split,grade\\na1,core,x200,a1.jpg,train,0\\nb2,core,x200,b2.jpg,test,1\\n");
    const mine = await openCohort("mine");
    mine.patients.length`);
  expect(cell.error?.traceback.join("\n")).toBeUndefined();
  expect(resultOf(cell)).toBe("2");
  await expect.poll(() => heard.at(-1)).toEqual({ opened: [{ name: "mine: 2 patients", notice: "" }] });

  ask({ index: 0, search: "grade 1", from: 0, request: 5 });
  await expect
    .poll(() => heard.at(-1)?.found)
    .toMatchObject({
      request: 5,
      total: 1,
      items: [{ id: "b2", note: "test · grade 1", jpeg: expect.stringMatching(/^\/9j\//) }],
    });
  ask({ index: 0, insert: "b2" });
  await expect
    .poll(() => heard.at(-1)?.code)
    .toBe(
      'import { plot } from "oscc-lab";\nconst patient = mine.patient("b2");\nawait plot.magnifications(patient)',
    );
});
