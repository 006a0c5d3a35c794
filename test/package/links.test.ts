/** Every link between pages leads somewhere, and no page is out of reach. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { PICTURES } from "../../docs/images/draw.js";
import { documentationPages } from "./documentation.js";
import { ROOT } from "./sources.js";

const pages = [...documentationPages(), "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];
const textOf = (page: string) => readFileSync(path.join(ROOT, page), "utf8").replaceAll(/```[\s\S]*?\n```/g, "");

/** As GitHub makes anchors of headings. */
function anchorsOf(page: string): string[] {
  const headings = [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function linksOf(
  page: string,
): { readonly link: string; readonly file: string; readonly anchor: string | undefined }[] {
  return [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [file = "", anchor] = link.split("#");
      return { link, file: file === "" ? page : path.join(path.dirname(page), file), anchor };
    });
}

describe.each(pages)("%s", (page) => {
  it("links to files and headings that exist", () => {
    const broken = linksOf(page).filter(({ file, anchor }) => {
      if (!existsSync(path.join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(file).includes(anchor);
    });
    expect(broken.map(({ link }) => link)).toEqual([]);
  });
});

// A decision is read by itself.
it.each(pages.filter((page) => !page.startsWith("docs/adr/")))("%s leads on", (page) => {
  expect(linksOf(page)).not.toEqual([]);
});

it.each(Object.entries(PICTURES))(
  "docs/images/%s is as drawn (otherwise: npx tsx docs/images/draw.ts)",
  (name, draw) => {
    expect(readFileSync(path.join(ROOT, "docs/images", name), "utf8")).toBe(draw());
  },
);

it("every guide can be reached from the README", () => {
  const reached = new Set(["README.md"]);
  for (const page of reached) {
    for (const { file } of linksOf(page))
      if (file.endsWith(".md") && existsSync(path.join(ROOT, file))) reached.add(file);
  }
  expect(pages.filter((page) => page.startsWith("docs/guide/") && !reached.has(page))).toEqual([]);
});
