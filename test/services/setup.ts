/** Vitest's set-up of each file that uses the services; hooks run in this order, and their clean-ups in the reverse one. */
import "./turns/take-turn.js";
import "./leftovers.js";
import "./first-try.js";
