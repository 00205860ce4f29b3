import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { main } from "../../../src/cli/main";
import { openCohort } from "../../../src/cohort";
import { startKernel } from "../../../src/kernel/client";

let folder: string;
let said: { out: string; err: string };

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "oscc-cli-"));
  said = { out: "", err: "" };
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    said.out += text;
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said.err += text;
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe("the command line", () => {
  it("without a command lists the commands", async () => {
    expect(await main([])).toBe(0);
    for (const name of [
      "start",
      "notebooks",
      "doctor",
      "phantom",
      "verify",
      "import-arrays",
      "install",
      "uninstall",
    ])
      expect(said.out).toMatch(new RegExp(`^ {2}${name} `, "m"));
    expect(said.out).toContain("not for diagnosis");
  });

  it("suggests the nearest command", async () => {
    expect(await main(["notebook"])).toBe(2);
    expect(said.err).toMatch(/no command "notebook"\. Did you mean {2}oscc-lab notebooks\?/);
  });

  it.each(["start", "notebooks", "doctor", "phantom", "verify", "import-arrays", "install", "uninstall"])(
    "%s has help, and says nothing else when asked for it",
    async (name) => {
      expect(await main([name, "--help"])).toBe(0);
      expect(said.out).toContain(`oscc-lab ${name}`);
      expect(said.err).toBe("");
    },
  );

  it("gives 2 and the message, not a stack, for a mistyped option", async () => {
    expect(await main(["doctor", "--jsno"])).toBe(2);
    expect(said.err).toMatch(/^UnknownNameError: .*Did you mean "--json"\?\n$/s);
  });

  it("gives 1 for a command that fails, with the message of the error", async () => {
    expect(await main(["phantom", "--preset", "esay"])).toBe(1);
    expect(said.err).toMatch(/no phantom preset "esay".*Did you mean "easy"/s);
    expect(await main(["notebooks", "07-nothing", "--out", folder])).toBe(1);
    expect(said.err).toMatch(/no notebook "07-nothing"/);
    expect(said.err).not.toMatch(/\n\s+at /);
  });
});

describe("phantom", () => {
  it("makes a cohort that opens, and leaves it as it is the second time", async () => {
    const out = path.join(folder, "cohort");
    expect(await main(["phantom", "--patients", "2", "--out", out])).toBe(0);
    expect(said.out).toContain("phantom cohort, not patient data");
    const cohort = await openCohort(out);
    expect(cohort.patients).toHaveLength(2);
    const before = readFileSync(path.join(out, "phantom.json"), "utf8");
    expect(await main(["phantom", "--patients", "2", "--out", out, "--quiet"])).toBe(0);
    expect(readFileSync(path.join(out, "phantom.json"), "utf8")).toBe(before);
  });
});

/** The bytes of a NumPy array file, version 1.0. */
function npy(shape: readonly number[], data: readonly number[]): Buffer {
  const dictionary = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = dictionary.padEnd(128 - 10 - 1, " ");
  const prefix = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length + 1, 0]);
  return Buffer.concat([prefix, Buffer.from(`${header}\n`), Buffer.from(data)]);
}

describe("import-arrays", () => {
  it("makes a cohort that opens", async () => {
    const [images, labels] = [path.join(folder, "x.npy"), path.join(folder, "y.npy")];
    const pixels = Array.from({ length: 3 * 8 * 8 }, (_, i) => i % 251);
    writeFileSync(images, npy([3, 8, 8], pixels));
    writeFileSync(labels, npy([3], [0, 1, 1]));
    const out = path.join(folder, "oral");
    const typed = [
      "import-arrays",
      images,
      labels,
      "--classes",
      "normal, carcinoma",
      "--task",
      "OSCC",
      "--out",
      out,
    ];
    expect(await main([...typed, "--caveat", "three tiles"])).toBe(0);
    const cohort = await openCohort(out);
    expect(cohort.name).toBe("oral");
    expect(cohort.patients.map((patient) => patient.labels)).toEqual([{ OSCC: 0 }, { OSCC: 1 }, { OSCC: 1 }]);
    expect(cohort.caveats.join(" ")).toContain("three tiles");
  });

  it("says what is missing", async () => {
    await main(["import-arrays", "x.npy"]);
    expect(said.err).toMatch(/two files are needed: images and labels.*oscc-lab import-arrays --help/s);
    await main(["import-arrays", "x.npy", "y.npy", "--out", folder]);
    expect(said.err).toMatch(/--classes is needed, for example normal,carcinoma/);
  });
});

describe("install and uninstall", () => {
  const data = () => path.join(folder, "share", "jupyter");
  const spec = () => path.join(data(), "kernels", "oscc-lab", "kernel.json");

  it("register a kernel that starts this package, and take it away again", async () => {
    expect(await main(["install", "--prefix", folder])).toBe(0);
    const { argv } = JSON.parse(readFileSync(spec(), "utf8")) as { argv: string[] };
    expect(argv[0]).toBe(process.execPath);
    expect(existsSync(argv[1]!)).toBe(true);
    expect(argv.at(-1)).toBe("{connection_file}");
    expect(existsSync(path.join(path.dirname(spec()), "logo-64x64.png"))).toBe(true);
    expect(existsSync(path.join(data(), "labextensions", "oscc-lab", "package.json"))).toBe(true);
    expect(await main(["uninstall", "--prefix", folder])).toBe(0);
    expect(existsSync(spec())).toBe(false);
    await main(["uninstall", "--prefix", folder]);
    expect(said.out).toContain("Nothing was registered.");
  });

  it("without a prefix into this user's own data folder; the kernel found there answers", async () => {
    vi.stubEnv("JUPYTER_DATA_DIR", path.join(folder, "own"));
    expect(await main(["install"])).toBe(0);
    const kernel = await startKernel({ spec: path.join(folder, "own", "kernels", "oscc-lab"), cwd: folder });
    const { outputs } = await kernel.execute('import { Rng } from "oscc-lab"; new Rng("a").integer(1)');
    await kernel.shutdown();
    expect(outputs).toMatchObject([{ type: "execute_result", data: { "text/plain": "0" } }]);
    expect(await main(["uninstall"])).toBe(0);
    expect(existsSync(path.join(folder, "own", "kernels", "oscc-lab"))).toBe(false);
  });

  it("leave a folder alone that only has the name", async () => {
    await main(["install", "--prefix", folder]);
    writeFileSync(spec(), '{"argv": ["python3"]}');
    await main(["uninstall", "--prefix", folder]);
    expect(existsSync(spec())).toBe(true);
    expect(said.err).toContain("is not ours; it is left alone");
    expect(await main(["install", "--prefix", folder])).toBe(1);
    expect(said.err).toMatch(/is not ours; it is left alone.*--prefix FOLDER/s);
    expect(readFileSync(spec(), "utf8")).toContain("python3");
  });

  it("twice is the same as once; what else lies there stays", async () => {
    const neighbour = path.join(data(), "kernels", "other", "kernel.json");
    mkdirSync(path.dirname(neighbour), { recursive: true });
    writeFileSync(neighbour, "{}");
    await main(["install", "--prefix", folder]);
    const first = readFileSync(spec(), "utf8");
    expect(await main(["install", "--prefix", folder])).toBe(0);
    expect(readFileSync(spec(), "utf8")).toBe(first);
    await main(["uninstall", "--prefix", folder]);
    expect(readdirSync(path.join(data(), "kernels"))).toEqual(["other"]);
    expect(readdirSync(path.join(data(), "labextensions"))).toEqual([]);
  });

  it("say what to do where nothing can be written", async () => {
    writeFileSync(path.join(folder, "share"), "a file, not a folder");
    expect(await main(["install", "--prefix", folder])).toBe(1);
    expect(said.err).toMatch(/nothing can be registered in .*share.*Name a folder that you may write/s);
    expect(said.err).not.toMatch(/at .*\.[jt]s:/);
  });
});
