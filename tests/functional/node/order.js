'use strict';
// One step of an order a run: `send` a message to the worker, `watch` the instance it becomes, `take` the outcome.
// Steps are processes of their own because both clients share a pool of sockets by host, where each leaves timers that
// the other does not expect; their real hosts differ.

const { REGION, models, ecsClient, mnsClient, run } = require('./clients');

const steps = {
  send: async (url, body) => (await mnsClient(url).sendMessage('provision-requests', { MessageBody: body })).body,

  watch: async (url, requestId) => {
    // The tag's value is <deployment>.<store>/<request id>, and the store's id is not known beforehand.
    const tag = { key: 'provisioner:request' };
    const request = new models.DescribeInstancesRequest({
      regionId: REGION,
      tag: [new models.DescribeInstancesRequestTag(tag)],
    });
    const ours = (instance) => instance.tags.tag.some((one) => one.tagKey === tag.key && one.tagValue.endsWith(`/${requestId}`));
    const ecs = ecsClient(url);
    let found = [];
    for (let tries = 0; tries < 200 && !(found.length && found[0].status === 'Running'); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      found = (await ecs.describeInstances(request)).body.instances.instance.filter(ours);
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
