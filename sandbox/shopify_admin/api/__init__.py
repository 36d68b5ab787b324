"""The Admin GraphQL API: Shopify's own schema, answered from the stand-in's store."""
