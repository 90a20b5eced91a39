'use strict';
// Is a push from MNS? RSA and SHA-1 over method, Content-MD5, content type, date, x-mns headers and path.

const crypto = require('node:crypto');
const http = require('node:http');
const https = require('node:https');

// The service's own hosts, as documented. Without this anybody could sign, with a certificate of their own.
const CERTIFICATE_HOSTS = /^(mnstest\.oss-cn-hangzhou\.aliyuncs\.com|mns-cert\.oss-[a-z0-9-]+\.aliyuncs\.com)$/;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
const SKEW_MILLISECONDS = 15 * 60 * 1000;
const LONGEST_CERTIFICATE = 64 * 1024;

class NotFromMns extends Error {}
exports.NotFromMns = NotFromMns;

// Throws NotFromMns unless MNS sent this. `target` is path and query as they arrived, which a proxy must leave alone;
// `endpoint` is MNS's: where that is this machine, its certificate counts, and no other.
exports.verify = async (method, target, headers, body, endpoint) => {
  for (const name of ['content-md5', 'date', 'x-mns-signing-cert-url', 'authorization']) {
    if (!headers[name]) throw new NotFromMns(`the header ${name} is missing`);
  }
  checkBody(headers['content-md5'], body);
  const age = Math.abs(Date.parse(headers.date) - Date.now());
  if (!(age <= SKEW_MILLISECONDS)) throw new NotFromMns('the push is too old, or from the future');
  const url = exports.certificateUrl(headers['x-mns-signing-cert-url'], endpoint);
  const own = Object.keys(headers).filter((name) => name.startsWith('x-mns-')).sort()
    .map((name) => `${name}:${headers[name]}\n`).join('');
  const first = [method, headers['content-md5'], headers['content-type'] || '', headers.date].join('\n');
  const signature = Buffer.from(headers.authorization, 'base64');
  if (!crypto.verify('sha1', Buffer.from(`${first}\n${own}${target}`), await publicKey(url), signature)) {
    throw new NotFromMns("the signature is not the certificate's");
  }
};

// The digest that is signed against the body: hexadecimal, or base64 of that or of the digest itself.
function checkBody(contentMd5, body) {
  const digest = crypto.createHash('md5').update(body).digest();
  const digits = digest.toString('hex');
  const known = [Buffer.from(digits).toString('base64'), digest.toString('base64')];
  if (contentMd5.toLowerCase() !== digits && !known.includes(contentMd5)) {
    throw new NotFromMns('the body is not the one that was signed');
  }
}

// The certificate's whole host is compared, before anything is fetched.
exports.certificateUrl = (header, endpoint) => {
  let url;
  try {
    url = new URL(Buffer.from(header, 'base64').toString('ascii'));
  } catch {
    throw new NotFromMns('the header x-mns-signing-cert-url is malformed');
  }
  const service = new URL(endpoint);
  const local = service.protocol === 'http:' && LOOPBACK.has(service.hostname);
  const ours = local ? url.origin === service.origin : url.protocol === 'https:' && CERTIFICATE_HOSTS.test(url.host);
  if (!ours || url.username) throw new NotFromMns("the certificate is not on the service's host");
  return url.href;
};

const keys = new Map();

// Fetches a certificate once and returns its key; redirects are not followed. Its dates are not looked at: a push of
// 2023 that was published has a certificate that ended in 2016.
async function publicKey(url) {
  if (!keys.has(url)) {
    const pem = await get(url);
    let key;
    try {
      key = new crypto.X509Certificate(pem).publicKey;
    } catch {
      throw new NotFromMns('what is there is no certificate');
    }
    if (key.asymmetricKeyType !== 'rsa') throw new NotFromMns('the certificate has no RSA key');
    if (keys.size >= 8) keys.clear();
    keys.set(url, key);
  }
  return keys.get(url);
}

function get(url) {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? https : http).get(url, { timeout: 3000 }, (answer) => {
      const parts = [];
      let size = 0;
      answer.on('data', (part) => {
        size += part.length;
        if (size > LONGEST_CERTIFICATE) request.destroy(new Error('the certificate is too long'));
        parts.push(part);
      });
      answer.on('end', () => (answer.statusCode === 200
        ? resolve(Buffer.concat(parts))
        : reject(new NotFromMns(`the certificate cannot be had: ${answer.statusCode}`))));
      answer.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error('no certificate within 3 s')));
    request.on('error', reject);
  });
}
