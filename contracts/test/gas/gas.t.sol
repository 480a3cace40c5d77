// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {ITestUSD} from "../utils/ITestUSD.sol";
import {PlainToken} from "../utils/PlainToken.sol";
import {SumTreeBuilder} from "../utils/SumTreeBuilder.sol";
import {RevenueTest} from "../revenue/RevenueTest.sol";

/// @notice What each operation of the ledger costs its sender as a transaction of its own: every slot cold, calldata and
/// the base cost of 21,000 included. The figures are committed in contracts/snapshots/gas.json.
/// @dev "First" writes slots that were empty, "again" writes slots that were in use.
abstract contract LedgerGas is RevenueTest {
    uint256 internal constant PRICE = 10_000_000;

    function setUp() public virtual override {
        super.setUp();
        useToken(address(token));
    }

    /// @dev The ledger has held the token before.
    function useToken(address token_) internal {
        token = ITestUSD(token_);
        vm.prank(governor);
        ledger.setTokenAllowed(token_, true);
        fund(buyer, 1000 * PRICE);
        token.mint(address(ledger), 1);
    }

    /// @dev Records what the call before it cost.
    function record(string memory operation, uint256 limit) internal {
        recordValue(operation, vm.lastCallGas().gasTotalUsed, limit);
    }

    /// @param limit The goal, or where that is not reached what it costs now, rounded up. test/README.md has both.
    function recordValue(string memory operation, uint256 gas, uint256 limit) internal virtual;

    function test_pay() public {
        vm.prank(buyer);
        ledger.pay(model, address(token), PRICE);
        record("pay, first of a version", 75_000);
        vm.prank(buyer);
        ledger.pay(model, address(token), PRICE);
        record("pay, again", 50_000);
    }

    function test_pullFiveAncestors() public {
        uint256 child = publishChildOfFive();
        // The treasury has received this token before.
        payAs(buyer, dataset, PRICE);
        pull(dataset);
        payAs(buyer, child, PRICE);
        pull(child);
        record("pull five ancestors and the fee, first", 205_000);
        payAs(buyer, child, PRICE);
        pull(child);
        record("pull five ancestors and the fee, again", 97_000);
    }

    function test_pullFiveAncestorsFirstOfAToken() public {
        uint256 child = publishChildOfFive();
        payAs(buyer, child, PRICE);
        pull(child);
        record("pull five ancestors and the fee, first of a token", 207_000);
    }

    function publishChildOfFive() internal returns (uint256) {
        uint256[] memory parents = new uint256[](5);
        for (uint256 i; i < 5; ++i) {
            parents[i] = publishFrom(ada, list(), 100);
        }
        return publishFrom(boole, parents, 0);
    }

    function test_pullDescendants() public {
        uint256 ancestor = publishFrom(ada, list(), 100);
        uint256[] memory children = new uint256[](10);
        for (uint256 i; i < 10; ++i) {
            children[i] = publishFrom(boole, list(ancestor), 0);
        }
        // The first round fills the slots, the second pulls from all of them, the third from one.
        uint256[3] memory gas;
        for (uint256 round; round < 3; ++round) {
            for (uint256 i; i < 10; ++i) {
                payAs(buyer, children[i], PRICE);
            }
            if (round == 2) children = list(children[0]);
            ledger.pullMany(address(token), children);
            gas[round] = vm.lastCallGas().gasTotalUsed;
            if (round == 1) children = publishedAfter(ancestor);
        }
        recordValue("pull from many descendants, each beyond the first", (gas[1] - gas[2]) / 9, 19_000);
    }

    function publishedAfter(uint256 version) internal pure returns (uint256[] memory versions) {
        versions = new uint256[](10);
        for (uint256 i; i < 10; ++i) {
            versions[i] = version + 1 + i;
        }
    }

    function test_collect() public {
        payAs(buyer, model, PRICE);
        vm.prank(relayer);
        collect(model);
        record("owner collects, held none of the token", 73_000);
        payAs(buyer, model, PRICE);
        vm.prank(relayer);
        collect(model);
        record("owner collects, again", 56_000);
    }

    function test_collectContribution() public {
        uint256 count = 1024;
        SumTreeBuilder.Leaf[] memory many = new SumTreeBuilder.Leaf[](count);
        for (uint256 i; i < count; ++i) {
            many[i] = SumTreeBuilder.Leaf({account: vm.addr(i + 1), weight: uint64(i + 1)});
        }
        uint256 version = publishShared(IAssetRegistry.Kind.Dataset, many);
        IRevenueLedger.Contribution[] memory contributions = only(contributionOf(version, many, 682));
        assertEq(contributions[0].proof.length, 10, "a tree of 2^10 leaves");
        payAs(buyer, version, PRICE);
        vm.prank(relayer);
        ledger.collectContributions(address(token), contributions);
        record("contributor of 1,024 collects, held none of the token", 107_500);
        payAs(buyer, version, PRICE);
        vm.prank(relayer);
        ledger.collectContributions(address(token), contributions);
        record("contributor of 1,024 collects, again", 72_000);
    }

    function test_sweep() public {
        payAs(buyer, model, 1);
        token.mint(ledger.tillOf(model), PRICE);
        ledger.sweepMany(address(token), list(model));
        record("sweep a till, first", 101_000);
        token.mint(ledger.tillOf(model), PRICE);
        ledger.sweepMany(address(token), list(model));
        record("sweep a till, again", 56_000);
    }

    function test_sweepTen() public {
        uint256 before = publishFrom(boole, list(), 0);
        uint256[] memory assets = publishedAfter(before);
        for (uint256 round; round < 2; ++round) {
            for (uint256 i; i < 10; ++i) {
                if (round == 0) publishFrom(boole, list(), 0);
                token.mint(ledger.tillOf(assets[i]), PRICE);
            }
            ledger.sweepMany(address(token), assets);
        }
        recordValue("sweep ten tills in one transaction, each", vm.lastCallGas().gasTotalUsed / 10, 22_500);
    }
}

/// @notice With OpenZeppelin's ERC-20, which the goals are for.
/// forge-config: test.isolate = true
contract LedgerGasTest is LedgerGas {
    function setUp() public override {
        super.setUp();
        useToken(address(new PlainToken()));
    }

    function recordValue(string memory operation, uint256 gas, uint256 limit) internal override {
        vm.snapshotValue("gas", operation, gas);
        assertTrue(gas <= limit, string.concat(operation, " costs ", vm.toString(gas)));
    }
}

/// @notice With TestUSD, which the local chain has.
/// forge-config: test.isolate = true
contract LedgerGasTestUsd is LedgerGas {
    function recordValue(string memory operation, uint256 gas, uint256) internal override {
        vm.snapshotValue("gas", string.concat(operation, " (TestUSD)"), gas);
    }
}
