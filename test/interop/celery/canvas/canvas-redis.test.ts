/** The table of work-flows over Redis. */
import { testWorkFlows } from "./canvas-matrix.js";

testWorkFlows("redis", "json");
