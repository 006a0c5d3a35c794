/** What each of the `ModelOptions` can be: of pickles, and of kombu's other formats. The first is the default. */
export const MODEL_CHOICES = {
  int: ["auto", "bigint"],
  float: ["number", "exact"],
  bytes: ["copy", "view"],
  tuple: ["tuple", "array"],
  dict: ["auto", "map", "object"],
  datetime: ["python", "temporal", "date"],
} as const;
