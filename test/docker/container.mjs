// A container of the image, by buildah alone: no daemon, no network of its own, whatever the machine allows. Its processes
// are ordinary processes of this machine, so a server in it listens on this machine's loopback.

import { spawn, spawnSync } from "node:child_process";

/** Make a container of an image. */
export function createContainer(image) {
  const name = buildah("from", image);
  const { config } = JSON.parse(buildah("inspect", "--type", "image", image)).Docker;
  return {
    /** What the image says of itself: `User`, `Entrypoint`, `Cmd`, `WorkingDir`. */
    config,
    /** Run a command to its end, after the image's entry point as an engine would; gives what it printed. */
    run: (command, options) => buildah(...running(name, config, command, options)),
    /** Run a command until it is told to stop. */
    start: (command, options) => new Service(running(name, config, command, options)),
    remove: () => buildah("rm", name),
  };
}

function running(name, config, command, { mounts = {}, env = {}, user } = {}) {
  return [
    "run",
    "--isolation=chroot",
    ...(user ? [`--user=${user}`] : []),
    ...Object.entries(mounts).map(([inside, outside]) => `--volume=${outside}:${inside}`),
    ...Object.entries(env).map(([key, value]) => `--env=${key}=${value}`),
    name,
    "--",
    ...(config.Entrypoint ?? []),
    ...command,
  ];
}

class Service {
  log = "";

  constructor(buildahArguments) {
    // A group of its own, so that all of it ends together.
    this.child = spawn("buildah", buildahArguments, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
    this.ended = new Promise((resolve) => this.child.once("exit", resolve));
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.on("data", (chunk) => {
        this.log += chunk;
      });
  }

  /** Wait until an address answers. */
  async answers(url, patienceMs = 90_000) {
    for (const deadline = Date.now() + patienceMs; Date.now() < deadline; ) {
      if (this.child.exitCode !== null) throw new Error(`it ended before it answered:\n${this.log}`);
      const response = await fetch(url).catch(() => undefined);
      if (response?.ok) return response;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`no answer from ${url} within ${patienceMs / 1000} s:\n${this.log}`);
  }

  async stop() {
    const signal = (name) => {
      try {
        process.kill(-this.child.pid, name);
      } catch {} // it is gone already
    };
    signal("SIGTERM");
    const late = setTimeout(() => signal("SIGKILL"), 10_000);
    await this.ended;
    clearTimeout(late);
  }
}

/** @returns {string} what it printed */
export function buildah(...parameters) {
  const { status, stdout, stderr, error } = spawnSync("buildah", parameters, { encoding: "utf8" });
  if (error) throw new Error(`buildah cannot be started (apt-get install buildah): ${error.message}`);
  if (status !== 0) throw new Error(`buildah ${parameters.join(" ")}:\n${stderr}`);
  return stdout.trim();
}
