// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../../src/assets/IAssetRegistry.sol";
import {AgoraiTest} from "../../utils/AgoraiTest.sol";
import {HostileToken} from "../../utils/HostileToken.sol";
import {ITestUSD} from "../../utils/ITestUSD.sol";
import {SumTreeBuilder} from "../../utils/SumTreeBuilder.sol";
import {LedgerHandler} from "./LedgerHandler.sol";

/// @dev Approvals are the only thing that the handler needs beyond what the hostile token has.
contract PlainToken is HostileToken {
    function approve(address, uint256) external pure returns (bool) {
        return true;
    }
}

/// @notice The numbers are those of README.md beside this file.
contract LedgerInvariants is AgoraiTest {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant TOKENS = 3;

    LedgerHandler internal handler;

    function setUp() public override {
        super.setUp();
        ITestUSD[] memory tokens = new ITestUSD[](TOKENS);
        tokens[0] = token;
        tokens[1] = ITestUSD(deploy("TestUSD", "", bytes32(uint256(1))));
        tokens[2] = ITestUSD(address(new PlainToken()));
        vm.startPrank(governor);
        ledger.setTokenAllowed(address(tokens[1]), true);
        ledger.setTokenAllowed(address(tokens[2]), true);
        vm.stopPrank();
        handler = new LedgerHandler(registry, ledger, market, tokens);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev Read by forge: the calls that a run is made of.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[12] memory calls = [
            LedgerHandler.pay.selector,
            LedgerHandler.payWithAuthorization.selector,
            LedgerHandler.buy.selector,
            LedgerHandler.sweep.selector,
            LedgerHandler.donate.selector,
            LedgerHandler.pull.selector,
            LedgerHandler.collect.selector,
            LedgerHandler.collectFee.selector,
            LedgerHandler.collectContribution.selector,
            LedgerHandler.transferAsset.selector,
            LedgerHandler.publish.selector,
            LedgerHandler.publishVersion.selector
        ];
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(handler), selectors: new bytes4[](calls.length)});
        for (uint256 i; i < calls.length; ++i) {
            targets[0].selectors[i] = calls[i];
        }
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /* AFTER EVERY CALL */

    function invariant_R1toR5() external view {
        for (uint256 t; t < TOKENS; ++t) {
            checkBalance(handler.tokenAt(t));
        }
        checkVersion(handler.lastVersion(), handler.lastToken());
    }

    function checkBalance(ITestUSD token_) internal view {
        uint256 expected = handler.receivedInAll(address(token_)) + handler.donatedInAll(address(token_))
            - handler.paidInAll(address(token_));
        assertEq(token_.balanceOf(address(ledger)), expected, "R1: balance");
    }

    struct Totals {
        uint256 sales;
        uint256 royalties;
        uint256 residue;
        uint256 shares;
        uint256 terms;
    }

    function checkVersion(uint256 version, address token_) internal view {
        Totals memory totals;
        (totals.sales, totals.royalties,) = ledger.accountOf(version, token_);
        assertEq(totals.sales, handler.received(version, token_), "R2: sales");
        assertEq(totals.royalties, handler.pulledInto(version, token_), "R2: royalties");
        uint256 ownerShare = handler.ownerPaid(version, token_) + ledger.collectableOf(version, token_);
        if (version == 0) {
            assertEq(ownerShare, totals.royalties, "R3, R4: treasury");
            return;
        }
        (, IAssetRegistry.Rates memory rates) = registry.ratesOf(version);
        checkEdge(totals, version, FEE_INDEX, rates.feeBps, token_);
        IAssetRegistry.Edge[] memory edges = registry.edgesOf(version);
        for (uint256 i; i < edges.length; ++i) {
            checkEdge(totals, version, i, edges[i].bps, token_);
        }
        // In ten-thousandths of a unit.
        totals.residue = totals.sales * (BPS - rates.feeBps - rates.edgesBps) + totals.royalties * BPS;
        checkShare(totals, ownerShare, BPS - rates.contributorBps, 1, 1, 2);
        SumTreeBuilder.Leaf[] memory leaves = handler.leavesOf(version);
        uint256 weightSum = weightOf(leaves);
        for (uint256 i; i < leaves.length; ++i) {
            uint256 share = handler.contributorPaid(version, token_, i)
                + ledger.contributionCollectableOf(handler.contributionOf(version, i), token_);
            checkShare(totals, share, rates.contributorBps, leaves[i].weight, weightSum, 3);
        }
        uint256 whole = totals.sales + totals.royalties;
        assertTrue(totals.shares <= whole, "R5: no more than there is");
        assertTrue(whole - totals.shares <= 1 + edges.length + leaves.length, "R5: dust");
    }

    function checkEdge(Totals memory totals, uint256 version, uint256 index, uint256 bps, address token_)
        internal
        view
    {
        uint256 share = ledger.pulledOf(version, index, token_) + ledger.pullableOf(version, index, token_);
        totals.shares += share;
        assertTrue(share * BPS <= totals.sales * bps, "R3: edge");
        assertTrue((share + 1) * BPS > totals.sales * bps, "R4: edge");
    }

    /// @dev Compares a share with residue · bps · weight / weightSum, both sides multiplied out.
    function checkShare(
        Totals memory totals,
        uint256 share,
        uint256 bps,
        uint256 weight,
        uint256 weightSum,
        uint256 floors
    ) internal pure {
        totals.shares += share;
        uint256 exact = totals.residue * bps * weight;
        assertTrue(share * BPS * BPS * weightSum <= exact, "R3: share");
        assertTrue((share + floors) * BPS * BPS * weightSum > exact, "R4: share");
    }

    function weightOf(SumTreeBuilder.Leaf[] memory leaves) internal pure returns (uint256 sum) {
        for (uint256 i; i < leaves.length; ++i) {
            sum += leaves[i].weight;
        }
    }

    /* AT THE END OF EVERY RUN */

    function afterInvariant() external {
        checkWork();
        handler.settleAll();
        for (uint256 t; t < TOKENS; ++t) {
            ITestUSD token_ = handler.tokenAt(t);
            checkBalance(token_);
            uint256 dustMax;
            uint256 feeExact;
            uint256 last = handler.versions();
            for (uint256 version = 1; version <= last; ++version) {
                checkVersion(version, address(token_));
                dustMax += checkSettled(version, address(token_), last);
                (, IAssetRegistry.Rates memory rates) = registry.ratesOf(version);
                feeExact += handler.received(version, address(token_)) * rates.feeBps;
            }
            checkSettledShare(handler.ownerPaid(0, address(token_)), feeExact * BPS, 1, last);
            uint256 left = token_.balanceOf(address(ledger)) - handler.donatedInAll(address(token_));
            assertTrue(left <= dustMax, "R6: what stays is dust");
        }
    }

    /// @dev Exact shares over the sales of all descendants, against what was really paid.
    function checkSettled(uint256 version, address token_, uint256 last) internal view returns (uint256 dustMax) {
        (, IAssetRegistry.Rates memory rates) = registry.ratesOf(version);
        uint256 residue = handler.received(version, token_) * (BPS - rates.feeBps - rates.edgesBps);
        uint256 descendants;
        for (uint256 other = version + 1; other <= last; ++other) {
            IAssetRegistry.Edge[] memory edges = registry.edgesOf(other);
            for (uint256 i; i < edges.length; ++i) {
                if (edges[i].ancestor != version) continue;
                residue += handler.received(other, token_) * edges[i].bps;
                ++descendants;
            }
        }
        checkSettledShare(
            handler.ownerPaid(version, token_), residue * (BPS - rates.contributorBps), 1, 2 + descendants
        );
        SumTreeBuilder.Leaf[] memory leaves = handler.leavesOf(version);
        uint256 weightSum = weightOf(leaves);
        for (uint256 i; i < leaves.length; ++i) {
            checkSettledShare(
                handler.contributorPaid(version, token_, i),
                residue * rates.contributorBps * leaves[i].weight,
                weightSum,
                3 + descendants
            );
        }
        return 1 + registry.edgesOf(version).length + leaves.length;
    }

    function checkSettledShare(uint256 paid, uint256 exact, uint256 weightSum, uint256 floors) internal pure {
        assertTrue(paid * BPS * BPS * weightSum <= exact, "R6: paid too much");
        assertTrue((paid + floors) * BPS * BPS * weightSum >= exact, "R6: paid too little");
    }

    function checkWork() internal view {
        string[12] memory actions = [
            "pay",
            "payWithAuthorization",
            "buy",
            "sweep",
            "donate",
            "pull",
            "collect",
            "collectFee",
            "collectContribution",
            "transferAsset",
            "publish",
            "publishVersion"
        ];
        for (uint256 i; i < actions.length; ++i) {
            assertTrue(handler.done(actions[i]) > 0, string.concat("R7: never did ", actions[i]));
        }
    }
}
