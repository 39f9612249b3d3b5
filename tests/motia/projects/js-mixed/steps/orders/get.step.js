const config = { type: 'api', name: 'get', path: '/orders/:id', method: 'GET', emits: [], flows: ['default'] }

const handler = async (req, { state }) => {
  const order = await state.get('finished', req.pathParams.id)
  return order ? { status: 200, body: order } : { status: 404, body: { error: 'not yet' } }
}

module.exports = { config, handler }
