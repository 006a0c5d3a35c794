import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";

/** Everything local mode needs: what Debian and Ubuntu call the package of a server or of a Python module. */
export const DEBIAN_PACKAGES = {
  "redis-server": "redis-server",
  "rabbitmq-server": "rabbitmq-server",
  python3: "python3",
  celery: "celery",
  kombu: "python3-kombu",
  redis: "python3-redis",
  rq: "python3-rq",
  django: "python3-django",
  django_redis: "python3-django-redis",
  flask_caching: "python3-flask-caching",
  flask_session: "python3-flask-session",
  cachelib: "python3-cachelib",
  dogpile: "python3-dogpile.cache",
  beaker: "python3-beaker",
  cacheops: "python3-django-cacheops",
  lz4: "python3-lz4",
  msgpack: "python3-msgpack",
  yaml: "python3-yaml",
  zstandard: "python3-zstandard",
  brotli: "python3-brotli",
  pytz: "python3-tz",
  dateutil: "python3-dateutil",
} as const;

export type Requirement = keyof typeof DEBIAN_PACKAGES;

const POLICY_FILE = "/usr/sbin/policy-rc.d";

/** True where {@link installWithApt} can work: as root on Debian or Ubuntu. */
export async function canInstall(): Promise<boolean> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
}

/** Installs the packages without starting the system's own services. */
export async function installWithApt(packages: readonly string[], log: (text: string) => void): Promise<void> {
  log(`Installing with apt-get: ${packages.join(" ")}`);
  // Debian's maintainer scripts ask this file before they start a service: these run only as the tests' children.
  const isPolicyOurs = await writeFile(POLICY_FILE, "#!/bin/sh\nexit 101\n", { mode: 0o755, flag: "wx" }).then(
    () => true,
    () => false,
  );
  try {
    await aptGet(["update"]);
    await aptGet(["install", "-y", "--no-install-recommends", ...packages]);
  } finally {
    if (isPolicyOurs) await rm(POLICY_FILE, { force: true });
  }
  log("Installed");
}

async function aptGet(args: readonly string[]): Promise<void> {
  const child = spawn("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=300", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`apt-get ${args[0]} failed with exit code ${code}:\n${output.slice(-3000)}`);
}
