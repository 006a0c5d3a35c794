/** Why a TLS handshake failed, in words that say what to do. Both adapters' servers are reached by the same `tls.connect`. */

/** How an adapter calls things, for the text of {@link tlsProblem}. */
export interface TlsNames {
  /** What is connected to: `"broker"`. */
  readonly server: string;
  /** The option that is given to `tls.connect`: `"socket"`. */
  readonly option: string;
  /** Where the server is told whom to trust: `"ssl_options.cacertfile"`. */
  readonly authorities: string;
}

type Advice = (names: TlsNames) => string;

const notTrusted: Advice = ({ server, option }) =>
  `the ${server}'s certificate is not trusted. Give the certificate of its authority as \`${option}.ca\`, as PEM`;
const notAccepted: Advice = ({ server, option, authorities }) =>
  `the ${server} does not accept the client's certificate. ` +
  `Give as \`${option}.cert\` one that an authority of its \`${authorities}\` signed`;
const noTls: Advice = () => "the port does not speak TLS. Use the TLS port, or a URL without TLS";
const wanted: Advice = ({ server, option }) =>
  `the ${server} wants a certificate of the client. Give \`${option}.cert\` and \`${option}.key\``;

/** By the codes of Node and of OpenSSL 3. An alert is the other side's. */
const ADVICE: ReadonlyMap<unknown, Advice> = new Map<string, Advice>([
  ["DEPTH_ZERO_SELF_SIGNED_CERT", notTrusted],
  ["SELF_SIGNED_CERT_IN_CHAIN", notTrusted],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", notTrusted],
  ["UNABLE_TO_GET_ISSUER_CERT", notTrusted],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", notTrusted],
  [
    "CERT_HAS_EXPIRED",
    ({ server }) => `the ${server}'s certificate has expired. Renew it, or set this machine's clock`,
  ],
  ["CERT_NOT_YET_VALID", ({ server }) => `the ${server}'s certificate is not valid yet. Set the clocks`],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    ({ server, option }) =>
      `the ${server}'s certificate is for other names. Connect to one of those, or give it as \`${option}.servername\``,
  ],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", wanted],
  // What TLS 1.2 has for it; it has no other cause that is as likely.
  ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", wanted],
  [
    "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED",
    ({ option }) => `the client's certificate has expired. Renew what \`${option}.cert\` has`,
  ],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", notAccepted],
  ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", notAccepted],
  ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN", notAccepted],
  ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED", notAccepted],
  ["ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", notAccepted],
  ["ERR_OSSL_X509_KEY_VALUES_MISMATCH", ({ option }) => `\`${option}.key\` is not the key of \`${option}.cert\``],
  [
    "ERR_OSSL_PEM_NO_START_LINE",
    ({ option }) => `\`${option}.cert\` or \`${option}.key\` is no PEM. Give the file's content, not its path`,
  ],
  ["ERR_SSL_WRONG_VERSION_NUMBER", noTls],
  ["ERR_SSL_PACKET_LENGTH_TOO_LONG", noTls],
]);

/** What to do about an error of `tls.connect`, in one sentence for people, with OpenSSL's reason; `undefined`: it is none of TLS. */
export function tlsProblem(error: unknown, names: TlsNames): string | undefined {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown };
  const advice = ADVICE.get(code);
  if (advice === undefined && !/^ERR_(?:SSL|OSSL|TLS)_/.test(String(code))) return undefined;
  const reason = opensslReason(String(message ?? code));
  return advice === undefined ? reason : `${advice(names)} (${reason})`;
}

/** Of `80CC:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../deps/openssl/...` the part for people. */
function opensslReason(text: string): string {
  return /error:[0-9A-F]+:[^:]*:[^:]*:([^:\n]+)/.exec(text)?.[1] ?? text;
}
