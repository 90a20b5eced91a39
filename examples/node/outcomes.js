'use strict';
// What a consumer does with an outcome: once for each `id`, however often it arrives.

const fs = require('node:fs');

const COMPLETED = 'provisioning.instance.completed';
const FAILED = 'provisioning.instance.failed';
const MEMORY = process.env.HANDLED || 'handled.txt';

const handled = new Set(fs.existsSync(MEMORY) ? fs.readFileSync(MEMORY, 'utf8').split('\n') : []);

// Acts on an outcome unless its id was handled before, and tells whether it was new; throws what acting throws, and
// remembers nothing then. A file serves one process; several share a table with the id as its key.
exports.handleOnce = (body) => {
  const event = JSON.parse(body);
  if (handled.has(event.id)) return false;
  act(event);
  fs.appendFileSync(MEMORY, `${event.id}\n`);
  handled.add(event.id);
  return true;
};

// Does what your program is for. Every field that can be null is treated as such here.
function act({ type, subject, data }) {
  // Of a refused message without a readable id, requestId is null; the subject is the message's id then.
  const who = data.requestId || subject;
  if (type === COMPLETED) {
    const { instance } = data;
    console.log(`${who}: ${instance ? `${instance.instanceId} is ${instance.status}` : 'the dry run passed'}`);
  } else if (type === FAILED) {
    const { error, instance } = data;
    const left = instance ? ` ${instance.instanceId} was ${instance.disposition}.` : '';
    console.log(`${who}: ${error.code} (${error.category}, retry ${error.retry}): ${error.remedy}${left}`);
  } else {
    // A type of a later version: nothing to do is better than an outcome that comes back for ever.
    console.log(`${who}: ignored, an outcome of type ${type}`);
  }
}
