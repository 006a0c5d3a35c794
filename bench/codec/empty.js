/** What `startup.ts` compares with. */
export const empty = true;
