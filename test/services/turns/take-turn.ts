/** Vitest's set-up of each file that uses the services: it waits until its turn has come, and runs then. */
import { beforeAll, expect, inject } from "vitest";
import { takeTurn } from "../control.js";
import type {} from "../global-setup.js";
import { runsAlone } from "./turns.js";

// The first hook of a file, whose clean-up is the last. No limit: how long others take is not for this file to say.
const NO_TIMEOUT = 0;

beforeAll(() => takeTurn(inject("services").controlSocket, runsAlone(expect.getState().testPath!)), NO_TIMEOUT);
