/** The table of work-flows over RabbitMQ. */
import { testWorkFlows } from "./canvas-matrix.js";

testWorkFlows("amqp", "pickle");
