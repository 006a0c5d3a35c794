/** Text of Jinja and Flask that is safe to put into a page. */
import { SafeString } from "./django.js";

/**
 * `markupsafe.Markup`, of Jinja and Flask: the same as Django's {@link SafeString}.
 *
 * @example
 * const name = new Markup("<b>Ada</b>");
 * `${loads(dumps(name))}` // => '<b>Ada</b>'
 */
export class Markup extends SafeString {}
