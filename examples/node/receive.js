'use strict';
// Take outcomes out of an inbox: node receive.js [COUNT]. Each consumer has an inbox of its own.

const { INBOX, client, given, run } = require('./clients');
const { handleOnce } = require('./outcomes');

const BATCH = 16;
const WAIT_SECONDS = 20;

async function take(mns, limit) {
  try {
    return (await mns.batchReceiveMessage(INBOX, limit, WAIT_SECONDS)).body;
  } catch (error) {
    if (error.name === 'MNSMessageNotExistError') return [];
    throw error;
  }
}

run(async ([count]) => {
  const mns = client();
  let left = count === undefined ? Infinity : Number(count);
  while (left > 0) {
    for (const message of await take(mns, Math.min(left, BATCH))) {
      let isNew;
      try {
        // The topic puts outcomes in as they are, no base64.
        isNew = handleOnce(message.MessageBody);
      } catch (error) {
        // Not deleted: it is visible again after the queue's VisibilityTimeout.
        console.error(`${message.MessageId} comes again: ${error.name}: ${error.message}`);
        continue;
      }
      await mns.deleteMessage(INBOX, message.ReceiptHandle);
      if (isNew) left -= 1;
    }
  }
}, given('receive.js [COUNT] (without it, for ever)', (words) => words.length < 2 && /^([1-9]\d*)?$/.test(words[0] ?? '')));
