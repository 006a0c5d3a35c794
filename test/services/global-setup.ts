import type { TestProject } from "vitest/node";
import { type Provision, startServices } from "./index.js";

declare module "vitest" {
  interface ProvidedContext {
    services: Provision;
  }
}

/** Vitest's global set-up of the projects that need services: one start for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const services = await startServices({ log: (text) => console.log(`[services] ${text}`) });
  project.provide("services", services.provision);
  return () => services.stop();
}
