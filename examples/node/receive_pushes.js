'use strict';
// Take outcomes as HTTP pushes: node receive_pushes.js PORT. The service wants its answer within 5 seconds.

const http = require('node:http');
const { endpoint, given } = require('./clients');
const { handleOnce } = require('./outcomes');
const { NotFromMns, verify } = require('./push_signature');

const LONGEST_BODY = 64 * 1024;

// Resolves to the whole body; null when it is longer than any push.
async function read(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > LONGEST_BODY) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

// 204 once an outcome is handled, 403 to what is not from MNS, 500 to be sent the outcome again.
async function take(request) {
  if (request.method !== 'POST') return 405;
  try {
    const body = await read(request);
    if (body === null) return 413;
    await verify(request.method, request.url, request.headers, body, endpoint());
    handleOnce(body.toString('utf8'));
    return 204;
  } catch (error) {
    if (error instanceof NotFromMns) {
      console.error(`refused: ${error.message}`);
      return 403;
    }
    console.error(`comes again: ${error.name}: ${error.message}`);
    return 500;
  }
}

const [port] = given('receive_pushes.js PORT', (words) => words.length === 1 && /^\d{1,5}$/.test(words[0]) && words[0] < 65536);
endpoint(); // said now when it is missing, not at the first push

const server = http.createServer(async (request, response) => response.writeHead(await take(request)).end());
// On this machine; in production behind whatever ends TLS.
server.on('error', (error) => {
  console.error(`cannot listen on port ${port}: ${error.message}`);
  process.exit(1);
});
server.listen(Number(port), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});
