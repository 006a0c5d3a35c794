import { fileURLToPath } from "node:url";

/** `test/python` on this machine, and where it is copied to in a container. */
export const SCRIPTS_DIRECTORY = fileURLToPath(new URL("../python", import.meta.url));
export const CONTAINER_SCRIPTS_DIRECTORY = "/brine/python";

/** Build contexts, one for each generation: `celery-<generation>`. */
export const IMAGES_DIRECTORY = fileURLToPath(new URL("./images", import.meta.url));
