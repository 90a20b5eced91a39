'use strict';
// One step of an order a run: `send` a message to the worker, `watch` the instance it becomes, `take` the outcome.
// Steps are processes of their own because both clients share a pool of sockets by host, where each leaves timers that
// the other does not expect; their real hosts differ.

const { REGION, models, ecsClient, mnsClient, run } = require('./clients');

const steps = {
  send: async (url, body) => (await mnsClient(url).sendMessage('provision-requests', { MessageBody: body })).body,

  watch: async (url, requestId) => {
    const tag = { key: 'provisioner:request', value: `local/${requestId}` };
    const request = new models.DescribeInstancesRequest({
      regionId: REGION,
      tag: [new models.DescribeInstancesRequestTag(tag)],
    });
    const ecs = ecsClient(url);
    let found = [];
    for (let tries = 0; tries < 200 && !(found.length && found[0].status === 'Running'); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      found = (await ecs.describeInstances(request)).body.instances.instance;
    }
    return found.map((one) => ({ instanceId: one.instanceId, status: one.status }));
  },

  take: async (url, queue) => {
    const mns = mnsClient(url);
    const { body } = await mns.receiveMessage(queue, 20);
    await mns.deleteMessage(queue, body.ReceiptHandle);
    return JSON.parse(body.MessageBody);
  },
};

run((url, [step, argument]) => steps[step](url, argument));
