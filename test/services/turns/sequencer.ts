import { BaseSequencer, type TestSpecification } from "vitest/node";
import { runsAlone } from "./turns.js";

/**
 * Files that need the services first, as they take longest; then those that need them alone, among the files that need
 * none: a worker that waits for its turn does nothing else.
 */
export class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isInterop = ({ project }: TestSpecification) => project.name === "interop";
    const isAlone = (file: TestSpecification) => isInterop(file) && runsAlone(file.moduleId);
    return [
      ...sorted.filter((file) => isInterop(file) && !isAlone(file)),
      ...spread(
        sorted.filter(isAlone),
        sorted.filter((file) => !isInterop(file)),
      ),
    ];
  }
}

/** The few among the many, evenly. */
function spread<T>(few: readonly T[], many: readonly T[]): T[] {
  const share = Math.ceil(many.length / (few.length + 1));
  return [...few, undefined].flatMap((one, index) => [
    ...many.slice(index * share, (index + 1) * share),
    ...(one === undefined ? [] : [one]),
  ]);
}
