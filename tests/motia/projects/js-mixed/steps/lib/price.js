module.exports = { price: (count) => count * 2.5 }
