// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {SumTreeBuilder} from "../utils/SumTreeBuilder.sol";
import {RevenueTest} from "../revenue/RevenueTest.sol";

/// @notice What each operation costs its sender as a transaction of its own: every slot cold, calldata and the base cost
/// of 21,000 included. The figures are committed in contracts/snapshots/gas.json; each must meet its goal as well.
/// @dev "First" writes slots that were empty, "again" writes slots that were in use.
/// forge-config: test.isolate = true
contract GasTest is RevenueTest {
    uint256 internal constant PRICE = 10_000_000;

    address internal reader = makeAddress("a second buyer");
    uint256 internal offerId;

    function setUp() public override {
        super.setUp();
        vm.prank(boole);
        offerId = market.listOffer(model, 0, address(token), PRICE, IAccessMarket.Usage.Internal);
        fund(buyer, 100 * PRICE);
        fund(reader, 100 * PRICE);
        // The ledger and the parties have held the token before, unless a case says otherwise.
        token.mint(address(ledger), 1);
    }

    /// @dev Records the call before it, and holds it to a limit: its goal, or where that is not reached what it costs now,
    /// rounded up. test/README.md has the goals beside the figures.
    function record(string memory operation, uint256 limit) internal {
        uint256 gas = vm.snapshotGasLastCall("gas", operation);
        assertTrue(gas <= limit, string.concat(operation, " costs ", vm.toString(gas)));
    }

    function purchaseOf(uint256 id, uint256 version) internal pure returns (IAccessMarket.Purchase memory) {
        return IAccessMarket.Purchase({offerId: id, version: version, amountMax: PRICE, nonce: 0});
    }

    /* assets */

    function test_publish() public {
        IAssetRegistry.Publication memory root_ = publication(list(), 1000, 0, 0);
        vm.prank(relayer);
        registry.publish(IAssetRegistry.Kind.Model, root_);
        record("publish, first of a publisher", 105_000);
        vm.prank(relayer);
        registry.publish(IAssetRegistry.Kind.Model, root_);
        record("publish, again", 88_000);
    }

    function test_publishDerivative() public {
        IAssetRegistry.Publication memory child = publication(list(dataset), 500, 0, 0);
        vm.prank(relayer);
        registry.publish(IAssetRegistry.Kind.Model, child);
        record("publish derivative of one parent, first of a publisher", 133_000);
        vm.prank(relayer);
        registry.publish(IAssetRegistry.Kind.Model, child);
        record("publish derivative of one parent, again", 116_000);
    }

    function test_publishVersion() public {
        vm.prank(boole);
        registry.publishVersion(model, publication(list(dataset), 500, 0, 0));
        record("publish second version of a derivative", 165_000);
        vm.prank(boole);
        registry.publishVersion(model, publication(list(dataset), 500, 0, 0));
        record("publish third version of a derivative", 145_000);
    }

    /* market */

    function test_buy() public {
        vm.prank(buyer);
        market.buy(purchaseOf(offerId, model));
        record("buy, the asset's first sale", 108_000);
        vm.prank(reader);
        market.buy(purchaseOf(offerId, model));
        record("buy", 90_000);
    }

    function test_buyWithAuthorization() public {
        address buyer_ = buyer;
        IAccessMarket.Purchase memory purchase = purchaseOf(offerId, model);
        IRevenueLedger.Authorization memory signed =
            authorize(BUYER_KEY, PRICE, market.authorizationNonceOf(purchase, buyer_));
        payAs(reader, model, 1);
        vm.prank(relayer);
        market.buyWithAuthorization(purchase, signed);
        record("buy with EIP-3009", 121_000);
    }

    /* ledger */

    function test_pay() public {
        vm.prank(buyer);
        ledger.pay(model, address(token), PRICE);
        record("pay, first of a version", 75_000);
        vm.prank(buyer);
        ledger.pay(model, address(token), PRICE);
        record("pay, again", 50_000);
    }

    function test_pullFiveAncestors() public {
        uint256[] memory parents = new uint256[](5);
        for (uint256 i; i < 5; ++i) {
            parents[i] = publishFrom(ada, list(), 100);
        }
        uint256 child = publishFrom(boole, parents, 0);
        IRevenueLedger.EdgeRef[] memory edges = new IRevenueLedger.EdgeRef[](5);
        for (uint256 i; i < 5; ++i) {
            edges[i] = IRevenueLedger.EdgeRef({version: child, index: i});
        }
        payAs(buyer, child, PRICE);
        ledger.pull(address(token), edges);
        record("pull five ancestors, first", 238_000);
        payAs(buyer, child, PRICE);
        ledger.pull(address(token), edges);
        record("pull five ancestors, again", 101_000);
    }

    function test_pullDescendants() public {
        uint256 ancestor = publishFrom(ada, list(), 100);
        IRevenueLedger.EdgeRef[] memory edges = new IRevenueLedger.EdgeRef[](10);
        for (uint256 i; i < 10; ++i) {
            edges[i] = IRevenueLedger.EdgeRef({version: publishFrom(boole, list(ancestor), 0), index: 0});
            payAs(buyer, edges[i].version, PRICE);
        }
        ledger.pull(address(token), edges);
        for (uint256 i; i < 10; ++i) {
            payAs(buyer, edges[i].version, PRICE);
        }
        uint256 ten = gasOfPull(edges);
        for (uint256 i; i < 10; ++i) {
            payAs(buyer, edges[i].version, PRICE);
        }
        assembly {
            mstore(edges, 1)
        }
        uint256 one = gasOfPull(edges);
        uint256 each = (ten - one) / 9;
        vm.snapshotValue("gas", "pull from many descendants, each beyond the first", each);
        assertTrue(each <= 16_000, "each further descendant");
    }

    function gasOfPull(IRevenueLedger.EdgeRef[] memory edges) internal returns (uint256) {
        ledger.pull(address(token), edges);
        return vm.snapshotGasLastCall("gas", edges.length == 1 ? "pull one descendant" : "pull ten descendants");
    }

    function test_collect() public {
        payAs(reader, model, PRICE);
        vm.prank(relayer);
        ledger.collect(address(token), list(model));
        record("owner collects, held none of the token", 74_000);
        payAs(reader, model, PRICE);
        vm.prank(relayer);
        ledger.collect(address(token), list(model));
        record("owner collects, again", 57_000);
    }

    function test_collectContribution() public {
        uint256 count = 1024;
        SumTreeBuilder.Leaf[] memory many = new SumTreeBuilder.Leaf[](count);
        for (uint256 i; i < count; ++i) {
            many[i] = SumTreeBuilder.Leaf({account: vm.addr(i + 1), weight: uint64(i + 1)});
        }
        vm.prank(ada);
        uint256 version = registry.publish(
            IAssetRegistry.Kind.Dataset, publication(list(), 0, SumTreeBuilder.rootOf(many), CONTRIBUTOR_BPS)
        );
        IRevenueLedger.Contribution[] memory contributions = only(contributionOf(version, many, 682));
        assertEq(contributions[0].proof.length, 10, "a tree of 2^10 leaves");
        payAs(buyer, version, PRICE);
        vm.prank(relayer);
        ledger.collectContributions(address(token), contributions);
        record("contributor of 1,024 collects, held none of the token", 107_500);
        payAs(buyer, version, PRICE);
        vm.prank(relayer);
        ledger.collectContributions(address(token), contributions);
        record("contributor of 1,024 collects, again", 73_000);
    }

    function test_sweep() public {
        payAs(reader, model, 1);
        token.mint(ledger.tillOf(model), PRICE);
        ledger.sweep(model, address(token));
        record("sweep a till, first", 100_000);
        token.mint(ledger.tillOf(model), PRICE);
        ledger.sweep(model, address(token));
        record("sweep a till, again", 59_000);
    }
}
