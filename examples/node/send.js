'use strict';
// Send requests: node send.js FILE... (one JSON message each). Sending one again under its requestId buys nothing.

const fs = require('node:fs');
const { QUEUE, client, given, run } = require('./clients');

const USAGE = 'send.js FILE... (one JSON message each)';

function read(file) {
  try {
    const message = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (!message?.requestId) throw new Error('it has no requestId');
    return message;
  } catch (error) {
    throw new Error(`${file} is no message: ${error.message}`);
  }
}

run(async (files) => {
  const mns = client();
  for (const file of files) {
    const message = read(file);
    // This SDK sends a body as it is given, and the queue's trigger decodes base64.
    const body = Buffer.from(JSON.stringify(message)).toString('base64');
    const sent = await mns.sendMessage(QUEUE, { MessageBody: body });
    console.log(`${message.requestId} sent as ${sent.body.MessageId}`);
  }
}, given(USAGE, (files) => files.length > 0));
