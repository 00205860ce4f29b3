// The image of docker/Dockerfile: built, started, and a notebook run in it in a real browser.
//
//   node test/docker/run.mjs                   build the image first (some minutes, 4 GB of disk)
//   node test/docker/run.mjs --image NAME      an image that is there
//   node test/docker/run.mjs --ca FILE         build behind a proxy that signs with a certificate authority of its own
//
// Needs root, buildah and Chromium (apt-get install buildah chromium), and debian:trixie-slim, which is pulled, or made where no
// registry of images can be reached:
//   debootstrap --variant=minbase trixie base && made=$(buildah from scratch) && buildah add $made base / &&
//     buildah commit $made docker.io/library/debian:trixie-slim
// Not in .ci/run: building takes some five minutes. Pictures are left in out/docker/.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { chromiumPath, freePort, ROOT } from "../lab/jupyterlab.mjs";
import { BROWSER_OPTIONS, NotebookPage } from "../lab/notebook-page.mjs";
import { buildah, createContainer } from "./container.mjs";

/** It needs no cohort, and shows figures. */
const NOTEBOOK = "08-paper-audit.ipynb";
const NOTEBOOK_TIMEOUT_MS = 300_000;
const USER_ID = 1000;
const PICTURES = path.join(ROOT, "out", "docker");

let failed = 0;

async function main() {
  const { values } = parseArgs({ options: { image: { type: "string" }, ca: { type: "string" } } });
  const image = values.image ?? build(values.ca);
  mkdirSync(PICTURES, { recursive: true });
  const container = createContainer(image);
  try {
    await attempt("user, home and apt", () => checkInside(container));
    await attempt("the image's own command", () => checkCommand(container));
    await attempt("JupyterLab, in an empty home", () => checkLab(container));
    await attempt("JupyterHub", () => checkHub(container));
  } finally {
    container.remove();
  }
}

function build(ca) {
  const image = "oscc-lab-test";
  const secrets = [];
  if (ca) {
    const npmrc = path.join(temporaryFolder(), "npmrc");
    writeFileSync(npmrc, "cafile=/ca.crt\n");
    secrets.push(
      `--volume=${path.resolve(ca)}:/ca.crt:ro`,
      `--volume=${npmrc}:${path.posix.join("/", "root", ".npmrc")}:ro`,
    );
  }
  const file = path.join(ROOT, "docker", "Dockerfile");
  const began = Date.now();
  buildah("bud", "--isolation=chroot", "--layers", ...secrets, "-f", file, "-t", image, ROOT);
  process.stdout.write(`built in ${seconds(began)}\n`);
  return image;
}

/** Who runs, what a newcomer finds, and whether apt would still install something. */
function checkInside(container) {
  const user = container.config.User;
  assert.equal(container.run(["id", "-u"]), String(USER_ID));
  assert.match(container.run(["ls", "notebooks"]), /01-patients.ipynb/);
  assert.match(container.run(["oscc-lab", "doctor"]), /Node/);
  assert.match(container.run(["jupyter", "kernelspec", "list"]), /oscc-lab/);
  // No broken dependencies, though the tools that Debian's JupyterLab was built with are left out.
  container.run(["apt-get", "check"], { user: "root" });
  return `user ${user}`;
}

/** As a hub's spawner would find it: it refuses to serve anybody without a hub, and says so. */
async function checkCommand(container) {
  const [program, ...rest] = container.config.Cmd;
  assert.equal(program, "jupyterhub-singleuser");
  // On this machine's loopback, since the container has no network of its own.
  const service = container.start([program, ...rest.map((word) => word.replace("0.0.0.0", "127.0.0.1"))]);
  await service.ended;
  assert.match(service.log, /Missing required environment \$JUPYTERHUB_/);
  return "it asks for a hub";
}

async function checkLab(container) {
  const home = emptyHome();
  const port = await freePort();
  const token = randomBytes(16).toString("hex");
  const service = container.start(
    [
      ...["jupyter", "lab", "--no-browser", "--ip=127.0.0.1", `--port=${port}`],
      ...[`--IdentityProvider.token=${token}`, "--LabApp.expose_app_in_browser=True"],
    ],
    { mounts: { "/home/jovyan": home } },
  );
  const page = await newPage();
  try {
    const server = `http://127.0.0.1:${port}`;
    await service.answers(`${server}/api?token=${token}`);
    await page.goto(`${server}/lab/tree/notebooks/${NOTEBOOK}?token=${token}`);
    return await runNotebook(page, "jupyterlab");
  } finally {
    await page.context().browser().close();
    await service.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function checkHub(container) {
  const folder = emptyHome();
  mkdirSync(path.join(folder, "homes"));
  chownSync(path.join(folder, "homes"), USER_ID, USER_ID);
  writeFileSync(
    path.join(folder, "jupyterhub_config.py"),
    readFileSync(path.join(ROOT, "test", "docker", "jupyterhub_config.py")),
  );
  const port = await freePort();
  const password = randomBytes(16).toString("hex");
  const service = container.start(["jupyterhub", "--config=/srv/hub/jupyterhub_config.py"], {
    mounts: { "/srv/hub": folder },
    env: { HUB_FOLDER: "/srv/hub", HUB_PORT: port, HUB_PASSWORD: password },
  });
  const page = await newPage();
  try {
    const hub = `http://127.0.0.1:${port}`;
    await service.answers(`${hub}/hub/health`);
    await page.goto(`${hub}/hub/login?next=/hub/user-redirect/lab/tree/notebooks/${NOTEBOOK}`);
    await page.fill("#username_input", "ada");
    await page.fill("#password_input", password);
    await page.click("#login_submit");
    const said = await runNotebook(page, "jupyterhub");
    // The proxy and the user's server have sessions of their own and would outlive the hub: it must end them itself.
    await page.goto(`${hub}/hub/home`);
    const shutDown = await page.evaluate(() =>
      fetch("/hub/api/shutdown", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-XSRFToken": window.jhdata.xsrf_token },
        body: JSON.stringify({ proxy: true, servers: true }),
      }).then(({ status }) => status),
    );
    assert.equal(shutDown, 202);
    await service.ended;
    return said;
  } catch (error) {
    await page.screenshot({ path: path.join(PICTURES, "jupyterhub-failed.png") });
    throw new Error(`${error.message}\n${service.log.slice(-3000)}`);
  } finally {
    await page.context().browser().close();
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Wait for the notebook that the page is about to show, run it, and look at what came of it. */
async function runNotebook(page, name) {
  await page.waitForSelector(".jp-Notebook .jp-Cell", { timeout: 120_000 });
  const notebook = new NotebookPage(page.context().browser(), page);
  await notebook.settled();
  await notebook.hideSide();
  assert.equal(await notebook.kernelName(), "oscc-lab");
  await notebook.runAll(NOTEBOOK_TIMEOUT_MS);
  const cells = (await notebook.cells()).filter(
    ({ cell_type, source }) => cell_type === "code" && `${source}`.trim(),
  );
  const outputs = cells.flatMap((cell) => cell.outputs);
  assert.deepEqual(
    outputs.filter(({ output_type }) => output_type === "error"),
    [],
  );
  assert.deepEqual(
    cells.map(({ execution_count }) => execution_count),
    cells.map((_, i) => i + 1),
  );
  const figures = outputs.filter(({ data }) => data?.["application/vnd.plotly.v1+json"]).length;
  assert.ok(figures > 0);
  await notebook.figures(figures);
  await notebook.screenshot(path.join(PICTURES, `${name}.png`));
  return `${cells.length} cells, ${figures} interactive figures`;
}

async function newPage() {
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: BROWSER_OPTIONS });
  return browser.newPage({ viewport: { width: 1280, height: 1100 } });
}

/** A folder that the image's user may write: an empty volume. */
function emptyHome() {
  const folder = temporaryFolder();
  chownSync(folder, USER_ID, USER_ID);
  chmodSync(folder, 0o755);
  return folder;
}

function temporaryFolder() {
  return mkdtempSync(path.join(tmpdir(), "oscc-lab-docker-"));
}

async function attempt(name, check) {
  const began = Date.now();
  try {
    process.stdout.write(`PASS ${name}: ${await check()}, ${seconds(began)}\n`);
  } catch (error) {
    failed++;
    process.stdout.write(`FAIL ${name}: ${error.message}\n`);
  }
}

function seconds(began) {
  return `${((Date.now() - began) / 1000).toFixed(0)} s`;
}

main()
  .catch((error) => {
    failed++;
    process.stdout.write(`FAIL ${error.message}\n`);
  })
  .finally(() => {
    process.exitCode = failed > 0 ? 1 : 0;
  });
