// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {PlainToken} from "../utils/PlainToken.sol";
import {AgoraiTest} from "../utils/AgoraiTest.sol";

interface IErc721Errors {
    error NotOwnerNorApproved();
}

/// @notice README.md lists what this proves.
contract GovernanceTest is AgoraiTest {
    bytes32 internal constant SALT = "an operation";
    address internal arbiter = makeAddress("arbiter");
    address internal reader = makeAddress("a second buyer");

    /// @dev One privileged call: who may make it, and what everybody else gets.
    struct Privileged {
        string name;
        address target;
        address role;
        bytes call;
        bytes4 refusal;
    }

    Privileged[] internal table;
    TimelockController internal timelock;
    uint256 internal asset;
    uint256 internal later;
    uint256 internal derivative;

    function setUp() public override {
        super.setUp();
        timelock = TimelockController(payable(governor));
        vm.prank(governor);
        ledger.setArbiter(arbiter);
        fund(buyer, 1e9);

        asset = publishFrom(ada, list(), 100);
        derivative = publishFrom(boole, list(asset), 100);
        vm.prank(ada);
        later = registry.publishVersion(asset, publication(list(), 100, 0, 0));
        fillTable();
    }

    function add(string memory name, address target, address role, bytes memory call, bytes4 refusal) internal {
        table.push(Privileged(name, target, role, call, refusal));
    }

    function fillTable() internal {
        addRegistry();
        addLedger();
        addMarket();
        addPasses();
        addTimelock();
    }

    function addRegistry() internal {
        address target = address(registry);
        bytes4 notOwner = IAssetRegistry.AssetRegistry_NotOwner.selector;
        add(
            "setFee",
            target,
            governor,
            abi.encodeCall(registry.setFee, (5)),
            IAssetRegistry.AssetRegistry_NotGovernor.selector
        );
        add(
            "setSoldExclusively",
            target,
            address(market),
            abi.encodeCall(registry.setSoldExclusively, (asset)),
            IAssetRegistry.AssetRegistry_NotMarket.selector
        );
        add(
            "publishVersion",
            target,
            ada,
            abi.encodeCall(registry.publishVersion, (asset, publication(list(), 100, 0, 0))),
            notOwner
        );
        add("retire", target, ada, abi.encodeCall(registry.retire, (asset)), notOwner);
        add("erase", target, ada, abi.encodeCall(registry.erase, (later)), notOwner);
        add("releaseEdge", target, ada, abi.encodeCall(registry.releaseEdge, (derivative, asset)), notOwner);
        add("setTillVersion", target, ada, abi.encodeCall(registry.setTillVersion, (asset, asset)), notOwner);
        bytes4 notApproved = IErc721Errors.NotOwnerNorApproved.selector;
        add("approve", target, ada, abi.encodeCall(asset721().approve, (relayer, asset)), notApproved);
        add("transferFrom", target, ada, abi.encodeCall(asset721().transferFrom, (ada, relayer, asset)), notApproved);
        add(
            "safeTransferFrom",
            target,
            ada,
            abi.encodeWithSignature("safeTransferFrom(address,address,uint256)", ada, relayer, asset),
            notApproved
        );
        add(
            "safeTransferFrom",
            target,
            ada,
            abi.encodeWithSignature("safeTransferFrom(address,address,uint256,bytes)", ada, relayer, asset, ""),
            notApproved
        );
    }

    function addLedger() internal {
        address target = address(ledger);
        address money = address(token);
        bytes4 notMarket = IRevenueLedger.RevenueLedger_NotMarket.selector;
        bytes4 notGovernor = IRevenueLedger.RevenueLedger_NotGovernor.selector;
        bytes4 notOwner = IRevenueLedger.RevenueLedger_NotOwner.selector;
        add("payFrom", target, address(market), abi.encodeCall(ledger.payFrom, (buyer, asset, money, 1)), notMarket);
        add("holdFrom", target, address(market), abi.encodeCall(ledger.holdFrom, (buyer, money, 1)), notMarket);
        add("setTokenAllowed", target, governor, abi.encodeCall(ledger.setTokenAllowed, (money, false)), notGovernor);
        add("setArbiter", target, governor, abi.encodeCall(ledger.setArbiter, (relayer)), notGovernor);
        add(
            "setLien",
            target,
            arbiter,
            abi.encodeCall(ledger.setLien, (asset, money, derivative, 1, 1)),
            IRevenueLedger.RevenueLedger_NotArbiter.selector
        );

        address till = ledger.tillOf(asset);
        PlainToken other = new PlainToken();
        other.mint(till, 1);
        vm.deal(till, 1);
        uint256 nft = publishFrom(relayer, list(), 0);
        vm.prank(relayer);
        asset721().transferFrom(relayer, till, nft);
        add("rescueToken", target, ada, abi.encodeCall(ledger.rescueToken, (asset, address(other), reader)), notOwner);
        add("rescueEther", target, ada, abi.encodeCall(ledger.rescueEther, (asset, reader)), notOwner);
        add(
            "rescueNft",
            target,
            ada,
            abi.encodeCall(ledger.rescueNft, (asset, address(registry), nft, reader)),
            notOwner
        );
    }

    function offer(uint8 flags, uint16 refundHours) internal view returns (IAccessMarket.OfferTerms memory terms) {
        (terms.token, terms.price) = (address(token), 5);
        (terms.flags, terms.refundHours) = (flags, refundHours);
    }

    function addMarket() internal {
        address target = address(market);
        bytes4 notOwner = IAccessMarket.AccessMarket_NotOwner.selector;
        bytes4 notGovernor = IAccessMarket.AccessMarket_NotGovernor.selector;
        IAccessMarket.OfferTerms[] memory offers = new IAccessMarket.OfferTerms[](1);
        offers[0] = offer(0, 0);
        vm.startPrank(ada);
        market.listOffer(asset, 1, offers[0]);
        market.listOffer(asset, 2, offers[0]);
        bytes32 bundle = market.listBundle(list(asset << 16 | 1, asset << 16 | 2), 5);
        vm.stopPrank();
        add(
            "listFirstOffers",
            target,
            address(registry),
            abi.encodeCall(market.listFirstOffers, (asset, offers)),
            IAccessMarket.AccessMarket_NotRegistry.selector
        );
        add("listOffer", target, ada, abi.encodeCall(market.listOffer, (asset, 9, offers[0])), notOwner);
        add("closeOffer", target, ada, abi.encodeCall(market.closeOffer, (asset << 16 | 1)), notOwner);
        add(
            "listBundle",
            target,
            ada,
            abi.encodeCall(market.listBundle, (list(asset << 16 | 1, asset << 16 | 2), 9)),
            notOwner
        );
        add(
            "closeBundle",
            target,
            ada,
            abi.encodeCall(market.closeBundle, (bundle)),
            IAccessMarket.AccessMarket_BundleUnknown.selector
        );
        add(
            "pause",
            target,
            guardian,
            abi.encodeCall(market.pause, (1)),
            IAccessMarket.AccessMarket_NotGuardian.selector
        );
        add("unpause", target, governor, abi.encodeCall(market.unpause, ()), notGovernor);
        add("setGuardian", target, governor, abi.encodeCall(market.setGuardian, (relayer)), notGovernor);
    }

    /// @dev A pass is its holder's: nobody gives it back or moves it for another.
    function addPasses() internal {
        bytes4 missing = IAccessMarket.AccessMarket_PassMissing.selector;
        vm.startPrank(ada);
        uint256 held = market.listOffer(asset, 3, offer(0, 72));
        uint256 movable = market.listOffer(asset, 4, offer(2, 0));
        vm.stopPrank();
        buy(held);
        buy(movable);
        add("refund", address(market), buyer, abi.encodeCall(market.refund, (held)), missing);
        add("transferPass", address(market), buyer, abi.encodeCall(market.transferPass, (movable, reader)), missing);
    }

    function buy(uint256 offerId) internal {
        IAccessMarket.Purchase memory purchase;
        (purchase.offerId, purchase.version, purchase.quantity, purchase.amountMax) = (offerId, later, 1, 5);
        vm.prank(buyer);
        market.buy(purchase);
    }

    function addTimelock() internal {
        address target = governor;
        bytes4 unauthorized = IAccessControl.AccessControlUnauthorizedAccount.selector;
        bytes memory operation = abi.encodeCall(registry.setFee, (5));
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = batchOf(operation);
        vm.startPrank(proposer);
        timelock.schedule(address(registry), 0, operation, 0, "due", GOVERNOR_DELAY);
        timelock.scheduleBatch(targets, values, calls, 0, "due batch", GOVERNOR_DELAY);
        vm.warp(block.timestamp + GOVERNOR_DELAY);
        timelock.schedule(address(registry), 0, operation, 0, "pending", GOVERNOR_DELAY);
        vm.stopPrank();
        bytes32 pending = timelock.hashOperation(address(registry), 0, operation, 0, "pending");
        add(
            "schedule",
            target,
            proposer,
            abi.encodeCall(timelock.schedule, (address(registry), 0, operation, 0, SALT, GOVERNOR_DELAY)),
            unauthorized
        );
        add(
            "scheduleBatch",
            target,
            proposer,
            abi.encodeCall(timelock.scheduleBatch, (targets, values, calls, 0, SALT, GOVERNOR_DELAY)),
            unauthorized
        );
        add("cancel", target, proposer, abi.encodeCall(timelock.cancel, (pending)), unauthorized);
        add(
            "execute",
            target,
            proposer,
            abi.encodeCall(timelock.execute, (address(registry), 0, operation, 0, "due")),
            unauthorized
        );
        add(
            "executeBatch",
            target,
            proposer,
            abi.encodeCall(timelock.executeBatch, (targets, values, calls, 0, "due batch")),
            unauthorized
        );
        add(
            "updateDelay",
            target,
            governor,
            abi.encodeCall(timelock.updateDelay, (0)),
            TimelockController.TimelockUnauthorizedCaller.selector
        );
        bytes32 role = timelock.PROPOSER_ROLE();
        add("grantRole", target, governor, abi.encodeCall(timelock.grantRole, (role, relayer)), unauthorized);
        add("revokeRole", target, governor, abi.encodeCall(timelock.revokeRole, (role, proposer)), unauthorized);
        add(
            "renounceRole",
            target,
            proposer,
            abi.encodeCall(timelock.renounceRole, (role, proposer)),
            IAccessControl.AccessControlBadConfirmation.selector
        );
    }

    function batchOf(bytes memory operation)
        internal
        view
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calls)
    {
        (targets, values, calls) = (new address[](1), new uint256[](1), new bytes[](1));
        (targets[0], calls[0]) = (address(registry), operation);
    }

    /* the table */

    function everybody() internal view returns (address[] memory accounts) {
        accounts = new address[](15);
        (accounts[0], accounts[1], accounts[2], accounts[3]) = (governor, proposer, guardian, treasury);
        (accounts[4], accounts[5], accounts[6], accounts[7]) = (arbiter, ada, boole, buyer);
        (accounts[8], accounts[9], accounts[10]) = (address(registry), address(ledger), address(market));
        (accounts[11], accounts[12]) = (relayer, address(token));
        (accounts[13], accounts[14]) = (address(this), ledger.tillOf(asset));
    }

    function attempt(Privileged memory privileged, address caller) internal returns (bool success, bytes4 refusal) {
        bytes memory answer;
        uint256 snapshot = vm.snapshotState();
        vm.prank(caller);
        (success, answer) = privileged.target.call(privileged.call);
        if (answer.length >= 4) refusal = bytes4(answer);
        vm.revertToState(snapshot);
    }

    function test_OnlyTheRoleMay() public {
        address[] memory accounts = everybody();
        assertEq(table.length, 38, "every row of the table");
        for (uint256 i; i < table.length; ++i) {
            Privileged memory privileged = table[i];
            (bool may,) = attempt(privileged, privileged.role);
            assertTrue(may, string.concat(privileged.name, ": its role may"));
            for (uint256 j; j < accounts.length; ++j) {
                if (accounts[j] == privileged.role) continue;
                (bool success, bytes4 refusal) = attempt(privileged, accounts[j]);
                assertTrue(!success, string.concat(privileged.name, ": nobody else may"));
                assertTrue(refusal == privileged.refusal, string.concat(privileged.name, ": and is told why"));
            }
        }
    }

    /// @dev What the code of a till calls in the ledger is there for tills alone.
    function test_NobodyRunsWhatOnlyTillsRun() public {
        bytes[2] memory calls = [
            abi.encodeWithSignature("releaseTillToken(address,address,uint256)", token, relayer, 1),
            abi.encodeWithSignature("doAsATill(address,uint256,bytes)", token, 0, "")
        ];
        address[] memory accounts = everybody();
        fund(address(ledger), 1);
        for (uint256 i; i < 2; ++i) {
            for (uint256 j; j < accounts.length; ++j) {
                vm.prank(accounts[j]);
                (bool success,) = address(ledger).call(calls[i]);
                assertTrue(!success, "refused");
            }
        }
    }

    function test_BuyingForAnotherNeedsItsSignature() public {
        IAccessMarket.Purchase memory purchase;
        (purchase.offerId, purchase.version, purchase.quantity, purchase.amountMax) = (asset << 16 | 1, later, 1, 5);
        IAccessMarket.Permit memory none;
        bytes memory signature = signFor(BUYER_KEY, address(market), "something else");
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_BadSignature.selector, buyer));
        vm.prank(relayer);
        market.buyFor(buyer, purchase, type(uint256).max, signature, none);
    }

    /// @dev Revoking is for oneself: there is nothing to refuse.
    function test_RevokingAConsentConcernsTheCallerAlone() public {
        vm.prank(relayer);
        registry.revokeConsent(asset, SALT);
        assertTrue(registry.isConsentUsed(relayer, asset, SALT), "its own");
        assertTrue(!registry.isConsentUsed(ada, asset, SALT), "nobody else's");
    }

    /* the governor */

    function setFeeCall() internal view returns (bytes memory) {
        return abi.encodeCall(registry.setFee, (200));
    }

    function schedule(uint256 delay) internal {
        vm.prank(proposer);
        timelock.schedule(address(registry), 0, setFeeCall(), 0, SALT, delay);
    }

    function execute() internal {
        vm.prank(proposer);
        timelock.execute(address(registry), 0, setFeeCall(), 0, SALT);
    }

    function test_NothingIsDoneBeforeItsTime() public {
        expectPartial(TimelockController.TimelockInsufficientDelay.selector);
        schedule(GOVERNOR_DELAY - 1);
        expectPartial(TimelockController.TimelockUnexpectedOperationState.selector);
        execute();

        schedule(GOVERNOR_DELAY);
        expectPartial(TimelockController.TimelockUnexpectedOperationState.selector);
        execute();
        vm.warp(block.timestamp + GOVERNOR_DELAY - 1);
        expectPartial(TimelockController.TimelockUnexpectedOperationState.selector);
        execute();
        vm.warp(block.timestamp + 1);
        execute();
        assertEq(registry.feeBps(), 200, "done");
        expectPartial(TimelockController.TimelockUnexpectedOperationState.selector);
        execute();
    }

    function test_WhatWasCancelledIsNeverDone() public {
        schedule(GOVERNOR_DELAY);
        bytes32 operation = timelock.hashOperation(address(registry), 0, setFeeCall(), 0, SALT);
        vm.prank(proposer);
        timelock.cancel(operation);
        vm.warp(block.timestamp + GOVERNOR_DELAY);
        expectPartial(TimelockController.TimelockUnexpectedOperationState.selector);
        execute();
        assertEq(registry.feeBps(), FEE_BPS, "as before");
    }

    function test_TheGovernorIsBoundByTheCaps() public {
        bytes memory call = abi.encodeCall(registry.setFee, (501));
        vm.prank(proposer);
        timelock.schedule(address(registry), 0, call, 0, SALT, GOVERNOR_DELAY);
        vm.warp(block.timestamp + GOVERNOR_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_FeeTooHigh.selector, 501, 500));
        vm.prank(proposer);
        timelock.execute(address(registry), 0, call, 0, SALT);
    }

    function test_NobodyButTheTimelockGivesRoles() public view {
        bytes32 admin = timelock.DEFAULT_ADMIN_ROLE();
        address[] memory accounts = everybody();
        for (uint256 i; i < accounts.length; ++i) {
            assertTrue(timelock.hasRole(admin, accounts[i]) == (accounts[i] == governor), "administrator");
            assertTrue(timelock.hasRole(timelock.PROPOSER_ROLE(), accounts[i]) == (accounts[i] == proposer), "proposer");
            assertTrue(timelock.hasRole(timelock.EXECUTOR_ROLE(), accounts[i]) == (accounts[i] == proposer), "executor");
            assertTrue(
                timelock.hasRole(timelock.CANCELLER_ROLE(), accounts[i]) == (accounts[i] == proposer), "canceller"
            );
        }
        assertTrue(!timelock.hasRole(timelock.EXECUTOR_ROLE(), address(0)), "execution is not open");
        assertEq(timelock.getMinDelay(), GOVERNOR_DELAY, "delay");
    }

    function expectPartial(bytes4 selector) internal {
        vm.expectPartialRevert(selector);
    }

    /* the guardian */

    function test_TheGuardianPausesForAWhile() public {
        expectPartial(IAccessMarket.AccessMarket_QuantityInvalid.selector);
        vm.prank(guardian);
        market.pause(14 days + 1);
        vm.prank(guardian);
        market.pause(14 days);
        uint256 until = block.timestamp + 14 days;
        assertEq(market.pausedUntil(), until, "paused");
        IAccessMarket.Purchase memory purchase;
        (purchase.offerId, purchase.version, purchase.quantity, purchase.amountMax) = (asset << 16 | 1, later, 1, 5);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_Paused.selector, until));
        vm.prank(buyer);
        market.buy(purchase);
        vm.warp(until);
        vm.prank(buyer);
        market.buy(purchase);
    }

    /// @dev What is owed is paid and what may be given back is given back, pause or not.
    function test_APauseStopsNoExit() public {
        payAs(reader, derivative, 10_000);
        vm.prank(guardian);
        market.pause(14 days);
        vm.prank(buyer);
        assertEq(market.refund(asset << 16 | 3), 5, "refund");
        vm.prank(buyer);
        market.transferPass(asset << 16 | 4, reader);
        pull(derivative);
        collect(derivative);
        assertEq(token.balanceOf(boole), 9_800, "collected");
        token.mint(ledger.tillOf(derivative), 10_000);
        ledger.sweepMany(address(token), list(derivative));
        vm.prank(ada);
        market.closeOffer(asset << 16 | 1);
    }
}
